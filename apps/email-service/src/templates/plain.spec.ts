import { renderPlain } from './plain.js';

describe('A plain mail', () => {
  it.each(['\n', '\r\n', '\r'])(
    'parts paragraphs at blank lines, and lines within them, when they end with %j',
    (end) => {
      const content = ['one', 'two', '', '', 'three'].join(end);
      const { html } = renderPlain({ subject: 's', content });
      expect(html.match(/one<br>two<\/p>/g)).toHaveLength(1);
      expect(html.match(/>three<\/p>/g)).toHaveLength(1);
    },
  );
});
