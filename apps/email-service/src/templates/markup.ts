/** HTML that may go into a page as it is. Only the tag `markup` makes it. */
export class Markup {
  constructor(private readonly html: string) {}

  toString(): string {
    return this.html;
  }
}

type Piece = string | number | Markup | readonly Piece[];

/**
 * A template tag: what is written in the template is HTML, every value put into it is text and is escaped, for element
 * content and quoted attributes alike. Values made by `markup` itself go in unchanged, lists are joined.
 *
 * @example markup`<p title="${name}">${lines.map((line) => markup`${line}<br>`)}</p>`
 */
export function markup(template: TemplateStringsArray, ...values: Piece[]): Markup {
  return new Markup(template.map((html, index) => html + rendered(values[index] ?? '')).join(''));
}

function rendered(piece: Piece): string {
  if (piece instanceof Markup) return piece.toString();
  if (typeof piece === 'object') return piece.map(rendered).join('');
  return String(piece).replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};
