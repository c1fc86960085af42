import { SendEmail } from '@mentorhub/contracts';
import { RunningEmailService } from '../../test/running-email-service.js';

describe('the rates of sending, at work', () => {
  let email: RunningEmailService;

  beforeAll(async () => {
    email = await RunningEmailService.start({ SMTP_RATE: '200/s', SMTP_DOMAIN_RATES: 'slow.example=4/s' });
  });
  afterAll(() => email?.stop());

  const mailsTo = (domain: string) => email.smtp.mails.filter(({ to }) => String(to).endsWith(`@${domain}`));

  it('hold for a domain, spend no attempt, and let the mails to others go by', async () => {
    const request = (domain: string) => (_: unknown, n: number) => ({
      contract: SendEmail,
      payload: { to: `n${n}@${domain}`, subject: 'Hello', content: 'A line.' },
    });
    const begun = performance.now();
    const slow = await email.tasks.enqueueMany(Array.from({ length: 16 }, request('Slow.example')));
    const quick = await email.tasks.enqueueMany(Array.from({ length: 16 }, request('quick.example')));
    const ends = await Promise.all([...slow, ...quick].map(({ id }) => email.end(id)));
    expect(new Set(ends.map(({ state, attempt }) => `${state} ${attempt}`))).toEqual(new Set(['succeeded 1']));

    const at = mailsTo('slow.example').map(({ receivedAt }) => receivedAt);
    expect(at).toHaveLength(16);
    // No start is early. A machine that stalls is late with some and does them together, so their distances say nothing.
    at.forEach((time, n) => expect(time - begun).toBeGreaterThanOrEqual(n * 250));
    expect(Math.max(...mailsTo('quick.example').map(({ receivedAt }) => receivedAt))).toBeLessThan(at.at(-1)!);
  });
});
