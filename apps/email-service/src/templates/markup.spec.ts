import { markup } from './markup.js';

describe('the markup tag', () => {
  it('escapes every value for text and for attributes', () => {
    const value = `<b class="x">'&\``;
    expect(markup`<p title="${value}">${value}</p>`.toString()).toBe(
      '<p title="&lt;b class=&quot;x&quot;&gt;&#39;&amp;&#96;">&lt;b class=&quot;x&quot;&gt;&#39;&amp;&#96;</p>',
    );
  });

  it('puts markup that it made itself in unchanged, and joins lists', () => {
    const items = ['a', '<'].map((item) => markup`<li>${item}</li>`);
    expect(markup`<ul>${items}</ul>`.toString()).toBe('<ul><li>a</li><li>&lt;</li></ul>');
  });

  it('does not take an object that looks like its own for markup', () => {
    const forged = { toString: () => '<script>' } as unknown as string;
    expect(() => markup`${forged}`).toThrow();
  });
});
