import { markup, type Markup } from './markup.js';

interface Page {
  /** BCP 47; '' when the language is not known. */
  language: string;
  title: string;
  /** The line that mail clients show beside the subject; not visible in the opened mail. */
  preheader: string;
  body: Markup;
  footer: Markup;
}

const font = 'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';

/** The frame of every mail. Tables and inline styles, since mail clients drop style sheets and know little layout. */
export function renderPage({ language, title, preheader, body, footer }: Page): string {
  return markup`<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${title}</title>
</head>
<body style="margin:0;padding:0;background-color:#f2f4f7;">
<div style="display:none;max-height:0;overflow:hidden;">${preheader}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background-color:#f2f4f7;">
<tr><td align="center" style="padding:24px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background-color:#ffffff;border-radius:8px;">
<tr><td style="padding:24px 28px 0;${font};font-size:20px;font-weight:700;color:#1f3a8a;">MentorHub</td></tr>
<tr><td style="padding:8px 28px 24px;${font};font-size:16px;line-height:1.5;color:#1f2937;overflow-wrap:anywhere;">
${body}
</td></tr>
</table>
<p style="margin:16px 0 0;${font};font-size:12px;line-height:1.5;color:#6b7280;">${footer}</p>
</td></tr>
</table>
</body>
</html>
`.toString();
}

/** Blank lines part paragraphs, however its lines end. */
export const paragraphsOf = (text: string): string[] =>
  text
    .trim()
    .replace(/\r\n?/g, '\n')
    .split(/\n{2,}/);

/** A paragraph; its line breaks stay. */
export function paragraph(text: string): Markup {
  return markup`<p style="margin:16px 0 0;">${lines(text)}</p>\n`;
}

/** A paragraph of lesser weight. */
export function note(text: string): Markup {
  return markup`<p style="margin:16px 0 0;font-size:14px;color:#4b5563;">${lines(text)}</p>\n`;
}

/** The one thing to click: a link in the dress of a button. */
export function button(label: string, link: string): Markup {
  const colours = 'background-color:#1d4ed8;color:#ffffff';
  const style = `display:inline-block;padding:12px 24px;border-radius:6px;${colours};font-weight:600;text-decoration:none;`;
  return markup`<p style="margin:24px 0 0;"><a href="${link}" style="${style}">${label}</a></p>\n`;
}

/** The same link to read and copy, for clients in which the button does not work. */
export function rawLink(invitation: string, link: string): Markup {
  const anchor = markup`<a href="${link}" style="color:#1d4ed8;word-break:break-all;">${link}</a>`;
  return markup`<p style="margin:24px 0 0;font-size:14px;color:#4b5563;">${invitation}<br>${anchor}</p>\n`;
}

/** A link that does not ask to be clicked. */
export function quietLink(label: string, link: string): Markup {
  return markup`<a href="${link}" style="color:#6b7280;">${label}</a>`;
}

function lines(text: string): Markup[] {
  return text.split(/\r\n|\r|\n/).map((line, index) => (index === 0 ? markup`${line}` : markup`<br>${line}`));
}
