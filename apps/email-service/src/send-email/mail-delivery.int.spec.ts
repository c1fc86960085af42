import {
  LiftSuppression,
  SendEmail,
  SendPasswordResetEmail,
  SendSessionReminderEmail,
  SendVerificationEmail,
  UnsubscribeEmail,
} from '@mentorhub/contracts';
import { randomUUID } from 'node:crypto';
import { RunningEmailService } from '../../test/running-email-service.js';

const token = 'A'.repeat(43);

describe('the delivery of mails', () => {
  let email: RunningEmailService;

  beforeAll(async () => {
    email = await RunningEmailService.start({ PUBLIC_API_URL: 'https://api.mentorhub.example' });
  });
  afterAll(() => email?.stop());
  afterEach(() => email.database.query('TRUNCATE email.suppression'));

  const ended = async (task: Promise<{ id: string }>) => {
    const { id } = await task;
    return { id, ...(await email.end(id)) };
  };
  const send = (to: string) => email.tasks.enqueue(SendEmail, { to, subject: 'Hello', content: 'A line.' });
  const personal = (to: string) => ({ email: to, username: 'Ann', token });
  const remind = (to: string) =>
    email.tasks.enqueue(SendSessionReminderEmail, {
      email: to,
      username: 'Ann',
      role: 'student',
      partnerName: 'Bob',
      sessionId: randomUUID(),
      version: 1,
      startsAt: '2030-01-01T12:00:00Z',
      durationMinutes: 60,
    });

  it('fails without a retry when the address does not exist, and sends nothing to it any more', async () => {
    email.smtp.script({ at: 'rcpt', reply: 550, text: '5.1.1 No such user' });
    const bounced = await ended(send('Gone@example.com'));
    expect(bounced).toMatchObject({ state: 'failed', attempt: 1, error: { name: 'MailRefused' } });
    expect(await email.suppressions()).toEqual([
      {
        address: 'gone@example.com',
        scope: 'all',
        reason: 'hard-bounce',
        diagnostics: '550 5.1.1 No such user',
        task_id: bounced.id,
      },
    ]);

    const next = await ended(email.tasks.enqueue(SendPasswordResetEmail, personal('gone@EXAMPLE.com')));
    expect(next).toMatchObject({ state: 'succeeded', result: { suppressed: 'hard-bounce' } });
    expect(email.smtp.mails.filter(({ to }) => /gone/i.test(String(to)))).toEqual([]);
  });

  it.each([
    ['a policy', { at: 'rcpt', reply: 550, text: '5.7.1 Blocked by policy' }],
    ['a spam verdict', { at: 'accepted', reply: 554, text: '5.7.1 Looks like spam' }],
    ['the sender', { at: 'mail', reply: 550, text: '5.1.8 No such sender' }],
    ['a relay that does not know us', { at: 'rcpt', reply: 550, text: 'relay not permitted' }],
  ] as const)('fails without a retry for %s, which holds back no later mail', async (_, step) => {
    email.smtp.script(step);
    expect(await ended(send('ann@example.com'))).toMatchObject({ state: 'failed', attempt: 1 });
    expect(await email.suppressions()).toEqual([]);
    expect(await ended(send('ann@example.com'))).toMatchObject({ state: 'succeeded' });
  });

  it.each([
    ['of the recipient', { at: 'rcpt', reply: 450, text: '4.1.1 Try later' }],
    ['of the content', { at: 'accepted', reply: 452, text: '4.3.1 Too busy' }],
  ] as const)('tries again after a refusal for now %s', async (_, step) => {
    email.smtp.script(step);
    const payload = { to: `later-${randomUUID()}@example.com`, subject: 'Hello', content: 'A line.' };
    const retry = { delaySeconds: 0, jitter: 'none' } as const;
    const task = email.tasks.enqueue(SendEmail, payload, { retry });
    expect(await ended(task)).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(await email.suppressions()).toEqual([]);
  });

  it('sends no reminder to who unsubscribed, but all other mails', async () => {
    const to = 'quiet@example.com';
    const unsubscribing = { email: 'Quiet@example.com', category: 'reminders' } as const;
    for (let click = 1; click <= 2; click++)
      expect(await ended(email.tasks.enqueue(UnsubscribeEmail, unsubscribing))).toMatchObject({ state: 'succeeded' });
    expect(await email.suppressions()).toMatchObject([{ address: to, scope: 'reminders', reason: 'unsubscribed' }]);

    expect((await ended(remind(to))).result).toEqual({ suppressed: 'unsubscribed' });
    for (const contract of [SendVerificationEmail, SendPasswordResetEmail])
      expect((await ended(email.tasks.enqueue(contract, personal(to)))).result).toHaveProperty('messageId');
    expect((await ended(send(to))).result).toHaveProperty('messageId');
  });

  it('sends again once an operator has lifted the suppression', async () => {
    email.smtp.script({ at: 'rcpt', reply: 550, text: '5.1.1 No such user' });
    await ended(send('back@example.com'));
    await ended(email.tasks.enqueue(UnsubscribeEmail, { email: 'back@example.com', category: 'reminders' }));
    const lifting = { email: 'BACK@example.com', reason: 'hard-bounce' } as const;
    expect((await ended(email.tasks.enqueue(LiftSuppression, lifting))).result).toEqual({ lifted: ['hard-bounce'] });
    expect((await ended(send('back@example.com'))).result).toHaveProperty('messageId');
    expect((await ended(remind('back@example.com'))).result).toEqual({ suppressed: 'unsubscribed' });
    const all = email.tasks.enqueue(LiftSuppression, { email: 'back@example.com' });
    expect((await ended(all)).result).toEqual({ lifted: ['unsubscribed'] });
  });

  it('gives the headers of one click to reminders, each in one line, and to no other mail', async () => {
    await Promise.all([
      ended(remind('headers-1@example.com')),
      ended(send('headers-2@example.com')),
      ended(email.tasks.enqueue(SendVerificationEmail, personal('headers-3@example.com'))),
      ended(email.tasks.enqueue(SendPasswordResetEmail, personal('headers-4@example.com'))),
    ]);
    const mails = email.smtp.mails.filter(({ to }) => String(to).startsWith('headers-'));
    expect(mails).toHaveLength(4);
    for (const { to, headers, text, raw } of mails) {
      if (String(to).startsWith('headers-1')) {
        const [, link] = /^<(https:\/\/api\.mentorhub\.example\/v1\/unsubscribe\?token=[\w.-]+&lang=en)>$/.exec(
          headers['list-unsubscribe'] ?? '',
        )!;
        expect(raw).toMatch(/^List-Unsubscribe:\s+<https:\S+>\r$/m);
        expect(headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
        expect(text).toContain(link);
        expect(link).not.toContain('headers-1');
      } else {
        expect(Object.keys(headers).filter((name) => name.startsWith('list-'))).toEqual([]);
      }
    }
  });
});
