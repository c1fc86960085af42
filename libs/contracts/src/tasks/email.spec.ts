import { SendEmail, SendPasswordResetEmail, SendSessionReminderEmail, SendVerificationEmail } from './email.js';

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

describe('The payload of a session reminder', () => {
  const reminder = {
    email: 'anna@example.org',
    username: 'Anna',
    role: 'student',
    partnerName: 'Bob Smith',
    sessionId: '0d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11',
    version: 1,
    startsAt: '2030-01-01T12:00:00.000Z',
    durationMinutes: 60,
  };
  const wrong = (more: object) =>
    SendSessionReminderEmail.payload.safeParse({ ...reminder, ...more }).error?.issues.map(({ path }) => path[0]) ?? [];

  it('is in English and in UTC unless said otherwise', () => {
    expect(SendSessionReminderEmail.payload.parse(reminder)).toMatchObject({ locale: 'en', timezone: 'UTC' });
    expect(wrong({ locale: 'ru', timezone: 'Asia/Vladivostok', role: 'mentor' })).toEqual([]);
  });

  it('takes the ids of imported rows, whose versions are not those of RFC 9562', () => {
    expect(wrong({ sessionId: '00000000-aaaa-0000-0000-000000000001' })).toEqual([]);
  });

  it.each([
    ['username', 'Anna\r\nBcc: all@example.org'],
    ['partnerName', 'Bob\nATTENDEE:mailto:all@example.org'],
    ['sessionId', '../admin'],
    ['startsAt', 'tomorrow'],
    ['timezone', 'Mars/Olympus'],
    ['timezone', '+03:00'],
    ['durationMinutes', 0],
    ['role', 'admin'],
    ['version', 0],
  ])('refuses the %s %j', (field, value) => {
    expect(wrong({ [field]: value })).toEqual([field]);
  });
});
