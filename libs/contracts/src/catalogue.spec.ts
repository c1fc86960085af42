import { describeTasks, queueFor } from '@mentorhub/task-contracts';
import { catalogue } from './catalogue.js';

const described = describeTasks(catalogue);
const find = (name: string) => described.find((task) => task.name === name);

describe("MentorHub's catalogue", () => {
  it.each([
    ['email.send', 'email', 'external'],
    ['email.send-verification', 'email', 'external'],
    ['email.send-password-reset', 'email', 'external'],
    ['accounts.request-email-verification', 'default', 'database'],
    ['accounts.request-password-reset', 'default', 'database'],
    ['accounts.cleanup-expired-tokens', 'default-bulk', 'database'],
    ['email.send-session-reminder', 'email-bulk', 'external'],
    ['email.send-admin-notification', 'email', 'external'],
    ['analytics.generate-daily-stats', 'analytics', 'database'],
    ['email.unsubscribe', 'email', 'database'],
    ['email.lift-suppression', 'email', 'database'],
    ['sessions.remind', 'default-bulk', 'database'],
    ['sessions.send-reminders', 'default-bulk', 'database'],
    ['sessions.record-held', 'default-bulk', 'database'],
  ])('knows "%s", in the queue "%s", with %s effects', (name, queue, effects) => {
    expect(find(name)).toMatchObject({ version: 1, queue, effects });
    expect(queueFor(catalogue.routes, name)).toBe(queue);
  });

  it('sends what it does not know to the queue "default", and statistics to "analytics"', () => {
    expect(queueFor(catalogue.routes, 'courses.archive')).toBe('default');
    expect(queueFor(catalogue.routes, 'analytics.generate-daily-stats')).toBe('analytics');
  });

  it('describes each task in a sentence', () => {
    const sentence = expect.stringMatching(/^[A-Z].+\.$/);
    for (const { name, description } of described)
      expect({ name, description }).toEqual({ name, description: sentence });
  });

  it('takes strict payloads alone: an unknown field is a fault of the caller', () => {
    for (const { payload } of described) expect(payload).toMatchObject({ type: 'object', additionalProperties: false });
  });

  it('encrypts every token', () => {
    for (const { payload, sensitive } of described) {
      const fields = Object.keys(payload['properties'] ?? {}).filter((field) => /token|password|secret/.test(field));
      expect(sensitive).toEqual(fields);
    }
  });

  it('lets a mail take a minute, and says so before', () => {
    const mails = ['', '-verification', '-password-reset', '-session-reminder', '-admin-notification'];
    for (const mail of mails) {
      expect(find(`email.send${mail}`)?.timeLimit).toEqual({ softSeconds: 50, hardSeconds: 60 });
    }
  });

  it('exports a JSON Schema that clients in other languages build on', () => {
    expect(find('email.send-verification')?.payload).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        email: { type: 'string', format: 'email', maxLength: 254, pattern: expect.any(String) },
        username: { type: 'string', minLength: 1, maxLength: 64, pattern: expect.any(String) },
        token: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
        locale: { type: 'string', enum: ['en', 'ru'], default: 'en' },
      },
      required: ['email', 'username', 'token'],
      additionalProperties: false,
    });
    expect(find('email.send-verification')?.result).toMatchObject({
      anyOf: [
        { properties: { messageId: { type: 'string' } }, required: ['messageId'] },
        { properties: { suppressed: { enum: ['hard-bounce', 'unsubscribed'] } }, required: ['suppressed'] },
      ],
    });
  });
});
