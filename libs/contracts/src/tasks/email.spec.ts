import { SendEmail, SendPasswordResetEmail, SendVerificationEmail } from './email.js';

const token = 'A'.repeat(43);
const valid = { email: 'anna@example.org', username: 'Anna', token };
const faults = (payload: unknown) =>
  SendVerificationEmail.payload.safeParse(payload).error?.issues.map(({ path }) => path.join('.')) ?? [];

describe('The payload of a verification mail', () => {
  it('is written in English unless said otherwise', () => {
    expect(SendVerificationEmail.payload.parse(valid)).toEqual({ ...valid, locale: 'en' });
    expect(SendVerificationEmail.payload.parse({ ...valid, locale: 'ru' }).locale).toBe('ru');
  });

  it.each(['Анна', '安娜', 'Anna 🎓', 'O’Neill', '<b>Anna</b>', ' ', '__proto__', 'x'.repeat(64)])(
    'takes the name "%s"',
    (username) => {
      expect(faults({ ...valid, username })).toEqual([]);
    },
  );

  it.each([
    ['a line feed', 'Anna\nBcc: all@example.org'],
    ['a carriage return', 'Anna\rBcc: all@example.org'],
    ['NUL', 'Anna\0'],
    ['a tab', 'Anna\t'],
    ['a next line', 'Anna\u0085'],
    ['a line separator', 'Anna\u2028'],
    ['a paragraph separator', 'Anna\u2029'],
    ['a lone high surrogate', 'Anna\ud800'],
    ['a lone low surrogate', '\udc00Anna'],
    ['nothing in it', ''],
    ['65 characters', 'x'.repeat(65)],
  ])('refuses a name with %s', (_, username) => {
    expect(faults({ ...valid, username })).toContain('username');
  });

  it.each([
    'anna',
    'anna@',
    '@example.org',
    'anna@example.org\r\nBcc: all@example.org',
    'anna@example.org\n',
    'anna\0@example.org',
    'anna\ud800@example.org',
    'Anna <anna@example.org>',
    'anna@example.org, all@example.org',
    ' anna@example.org',
    `${'x'.repeat(250)}@example.org`,
    '',
  ])('refuses the address %j', (email) => {
    expect(faults({ ...valid, email })).toContain('email');
  });

  it.each(['', 'short', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(42)}\n`, `${token}\n`])(
    'refuses the token %j',
    (wrong) => {
      expect(faults({ ...valid, token: wrong })).toEqual(['token']);
    },
  );

  it('refuses another language, a missing field and an unknown one', () => {
    expect(faults({ ...valid, locale: 'de' })).toEqual(['locale']);
    expect(faults({})).toEqual(['email', 'username', 'token']);
    expect(faults({ ...valid, bcc: 'all@example.org' })).toEqual(['']);
    expect(faults(JSON.parse('{"__proto__": {"polluted": true}}'))).toContain('');
    expect('polluted' in {}).toBe(false);
  });

  it('is the same for a password reset', () => {
    expect(SendPasswordResetEmail.payload.safeParse(valid).success).toBe(true);
    expect(SendPasswordResetEmail.payload.safeParse({ ...valid, username: 'a\r\nb' }).success).toBe(false);
  });
});

describe('The payload of any mail', () => {
  const mail = { to: 'anna@example.org', subject: 'Hello', content: 'Line one.\nLine two.' };
  const fits = (more: object) => SendEmail.payload.safeParse({ ...mail, ...more }).success;

  it('has a subject of one line and a content of many', () => {
    expect(fits({})).toBe(true);
    expect(fits({ subject: 'Hello\r\nBcc: all@example.org' })).toBe(false);
    expect(fits({ subject: '' })).toBe(false);
    expect(fits({ subject: 'x'.repeat(201) })).toBe(false);
    expect(fits({ content: '' })).toBe(false);
    expect(fits({ content: 'x'.repeat(100_001) })).toBe(false);
  });
});
