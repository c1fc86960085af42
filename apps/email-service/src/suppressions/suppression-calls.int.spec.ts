import { exchanges, ListSuppressions, type SuppressionPlace } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { Calls } from '@mentorhub/task-calls';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { RunningEmailService } from '../../test/running-email-service.js';
import { listSql, Suppressions } from './suppressions.js';

describe('the suppression list, as the gateway asks for it', () => {
  let email: RunningEmailService;
  let calls: Calls;
  const taskId = randomUUID();

  beforeAll(async () => {
    email = await RunningEmailService.start();
    calls = new Calls({ broker: email.service.app.get(Broker), exchanges, worker: 'test' });
    await eventually(() => calls.ask(ListSuppressions, { limit: 1 }), { what: 'the email service to answer' });
    const suppressions = email.service.app.get(Suppressions);
    const diagnostics = '550 5.1.1 No such user';
    await suppressions.add({ email: 'Gone@example.com', scope: 'all', reason: 'hard-bounce', taskId, diagnostics });
    for (const name of ['b', 'a', 'c'])
      await suppressions.add({ email: `${name}@example.com`, scope: 'reminders', reason: 'unsubscribed', taskId });
    // Two at the same instant: a page between them must neither repeat nor leave out one.
    await email.database.query(
      `UPDATE email.suppression SET created_at = timestamptz '2030-01-01Z' - interval '1 d' * (address = 'gone@example.com')::int
       WHERE address <> 'c@example.com'`,
    );
  });
  afterAll(() => email?.stop());

  it('comes in pages, the latest first', async () => {
    const seen: string[] = [];
    let after: SuppressionPlace | undefined;
    do {
      const { items, more } = await calls.ask(ListSuppressions, { limit: 1, after });
      expect(items).toHaveLength(1);
      seen.push(items[0]!.email);
      after = more ? items[0] && { since: items[0].since, email: items[0].email, scope: items[0].scope } : undefined;
    } while (after);
    expect(seen).toEqual(['b@example.com', 'a@example.com', 'gone@example.com', 'c@example.com']);
  });

  it('reads of a long list no more than a page', async () => {
    const { database } = email;
    await database.query(
      `INSERT INTO email.suppression (address, scope, reason, task_id, created_at)
       SELECT 'old-' || n || '@example.com', 'all', 'hard-bounce', gen_random_uuid(), timestamptz '2020-01-01Z' + n * interval '1 s'
       FROM generate_series(1, 5000) n`,
    );
    await database.query('ANALYZE email.suppression');
    const page = [10, null, '2020-01-01T00:30:00Z', 'old-1800@example.com', 'all'];
    const plan = JSON.stringify(await database.query(`EXPLAIN ${listSql}`, page));
    expect(plan).toContain('suppression_listed');
    expect(plan).not.toContain('Sort');
    await database.query(`DELETE FROM email.suppression WHERE address LIKE 'old-%'`);
  });

  it('tells of one address why nothing is sent to it, and since when', async () => {
    expect(await calls.ask(ListSuppressions, { limit: 10, email: 'GONE@example.com' })).toEqual({
      more: false,
      items: [
        {
          email: 'gone@example.com',
          scope: 'all',
          reason: 'hard-bounce',
          diagnostics: '550 5.1.1 No such user',
          taskId,
          since: '2029-12-31T00:00:00.000Z',
        },
      ],
    });
  });
});
