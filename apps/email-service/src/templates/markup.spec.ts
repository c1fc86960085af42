import { markup } from './markup.js';

describe('the markup tag', () => {
  it('escapes every value for text and for attributes', () => {
    const value = `<b class="x">'&\``;
    expect(markup`<p title="${value}">${value}</p>`.toString()).toBe(
      '<p title="&#60;b class=&#34;x&#34;&#62;&#39;&#38;&#96;">&#60;b class=&#34;x&#34;&#62;&#39;&#38;&#96;</p>',
    );
  });

  it('puts markup that it made itself in unchanged, and joins lists', () => {
    const items = ['a', '<'].map((item) => markup`<li>${item}</li>`);
    expect(markup`<ul>${items}</ul>`.toString()).toBe('<ul><li>a</li><li>&#60;</li></ul>');
  });

  it('does not take an object that looks like its own for markup', () => {
    const forged = { toString: () => '<script>' } as unknown as string;
    expect(() => markup`${forged}`).toThrow();
  });
});
