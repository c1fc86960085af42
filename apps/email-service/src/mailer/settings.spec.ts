import { readSender } from './sender.js';
import { readSmtpUrl } from './smtp-settings.js';

describe('SMTP_URL', () => {
  it('requires TLS unless it says otherwise', () => {
    expect(readSmtpUrl('smtp://mail.example')).toMatchObject({ port: 587, tls: 'starttls', verifyCertificate: true });
    expect(readSmtpUrl('smtps://mail.example')).toMatchObject({ port: 465, tls: 'implicit' });
    expect(readSmtpUrl('smtp://127.0.0.1:1025?ignoreTLS=true')).toMatchObject({ port: 1025, tls: 'none' });
    const selfSigned = readSmtpUrl('smtp://[::1]:25?tls.rejectUnauthorized=false');
    expect(selfSigned).toMatchObject({ host: '::1', tls: 'starttls', verifyCertificate: false });
  });

  it('carries the login, percent-encoded', () => {
    const { credentials } = readSmtpUrl('smtp://me%40x.org:p%3As@mail.example');
    expect(credentials).toEqual({ user: 'me@x.org', password: 'p:s' });
    expect(readSmtpUrl('smtp://mail.example')).not.toHaveProperty('credentials');
  });

  it.each([
    ['no url', 'write it as'],
    ['http://user:secret@mail.example', 'write it as'],
    ['smtp://user:secret@mail.example?secure=true', "option 'secure', which is not known"],
    ['smtp://user:secret@mail.example?ignoreTLS=yes', "'ignoreTLS' has to be true or false"],
  ])('is refused as %s with a sentence that repeats no password', (url, sentence) => {
    expect(() => readSmtpUrl(url)).toThrow(sentence);
    expect(() => readSmtpUrl(url)).not.toThrow('secret');
  });
});

describe('MAIL_FROM', () => {
  it('is an address, with or without a name', () => {
    const sender = readSender('MentorHub <No-Reply@MentorHub.example>');
    expect(sender).toEqual({ name: 'MentorHub', address: 'No-Reply@MentorHub.example', domain: 'mentorhub.example' });
    expect(readSender('a@b.example')).toMatchObject({ name: '', address: 'a@b.example' });
  });

  it.each(['', 'MentorHub', 'a@b.example, c@d.example', 'a@', 'A\nBcc: x <a@b.example>'])(
    'is refused as %j',
    (from) => {
      expect(() => readSender(from)).toThrow('MAIL_FROM is not usable: write one address');
    },
  );
});
