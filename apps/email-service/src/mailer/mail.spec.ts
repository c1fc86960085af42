import { refuseInjection, type Mail } from './mail.js';
import { MailRefused } from './mail-failures.js';

const mail: Mail = {
  template: 'plain',
  to: 'one@example.test',
  subject: 'Привет',
  text: 'a\nb',
  html: '<p>\n</p>',
  messageId: '<id@mentorhub.test>',
};
const attachment = { filename: 'a.txt', content: '' };

describe('a mail that is about to be sent', () => {
  it('may have line breaks in its bodies alone', () => {
    expect(() => refuseInjection({ ...mail, headers: { 'X-A': 'b' }, attachments: [attachment] })).not.toThrow();
  });

  it.each<[string, Partial<Mail>]>([
    ['recipient', { to: 'one@example.test\r\nBcc: two@example.test' }],
    ['subject', { subject: 'Hi\nBcc: two@example.test' }],
    ['subject', { subject: 'Hi\u2028there' }],
    ['Message-ID', { messageId: '<id@x>\r' }],
    ['header', { headers: { 'X-A': 'b\r\nX-C: d' } }],
    ["attachment's name", { attachments: [{ ...attachment, filename: 'a\r\n.txt' }] }],
    ["attachment's type", { attachments: [{ ...attachment, contentType: 'text/plain\r\nX-C: d' }] }],
    ["attachment's content id", { attachments: [{ ...attachment, cid: 'chart>\r\nX-C: d' }] }],
  ])('is refused with a line break in its %s', (field, change) => {
    const refusing = () => refuseInjection({ ...mail, ...change });
    expect(refusing).toThrow(MailRefused);
    expect(refusing).toThrow(`The mail's ${field} contains a line break`);
  });

  it.each<[string, Partial<Mail>]>([
    ['two recipients', { to: 'one@example.test,two@example.test' }],
    ['a named recipient', { to: 'One <one@example.test>' }],
    ['a header with a colon in its name', { headers: { 'X: Y': 'z' } }],
    ['a Message-ID without brackets', { messageId: 'id@x' }],
  ])('is refused with %s', (_, change) => {
    expect(() => refuseInjection({ ...mail, ...change })).toThrow(MailRefused);
  });
});
