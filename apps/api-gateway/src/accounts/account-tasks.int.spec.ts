import { catalogue } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import { PayloadCipher } from '@mentorhub/tasks/payload';
import { TaskServer } from '@mentorhub/task-worker';
import { createVhost, eventually, type TestVhost } from '@mentorhub/testing';
import { payloadKey, startGateway, type RunningGateway } from '../../test/running-gateway.js';

const cipher = new PayloadCipher({ activeId: 'k1', keys: new Map([['k1', payloadKey]]) });

interface Mail {
  id: string;
  payload: { email: string; username: string; locale: string; token: string };
}

describe("the accounts' tasks, run by the role worker", () => {
  let vhost: TestVhost;
  let gateway: RunningGateway;

  beforeAll(async () => {
    vhost = await createVhost();
    gateway = await startGateway({ ROLE: 'http,worker', AMQP_URL: vhost.amqpUrl });
  });
  afterAll(async () => {
    await gateway.stop();
    await vhost.remove();
  });

  const query = (sql: string, parameters: unknown[] = []) => gateway.database.query(sql, parameters);
  const signUp = async (username: string, more: object = {}) =>
    (await gateway.request('POST', '/v1/users', { email: `${username}@example.com`, username, ...more })).json
      .id as string;

  const mails = async (task: string, email: string) =>
    (await query(
      `SELECT id, convert_from(payload, 'UTF8')::json AS payload FROM tasks.task
       WHERE name = $1 AND convert_from(payload, 'UTF8')::json ->> 'email' = $2 ORDER BY accepted_at`,
      [task, email],
    )) as unknown as Mail[];
  const mailNumber = (task: string, email: string, n: number) =>
    eventually(async () => (await mails(task, email))[n - 1], { what: `mail ${n} of ${task}` });
  const tokenOf = ({ id, payload }: Mail) => String(cipher.decrypt(payload.token, `${id}/token`));

  /** The runtime records each run in its inbox, in the transaction of the handler's effects. */
  const untilRun = (id: string) =>
    eventually(
      async () =>
        (
          await query(
            `SELECT outcome -> 'event' -> 'result' AS result FROM tasks.inbox WHERE task_id = $1 AND state = 'succeeded'`,
            [id],
          )
        )[0],
      { what: 'the task to have run' },
    ).then(({ result }) => result as { deleted: number });

  const untilAllRan = () =>
    eventually(
      async () =>
        (
          await query(
            `SELECT FROM tasks.task t WHERE name LIKE 'accounts.request-%'
             AND NOT EXISTS (SELECT FROM tasks.inbox i WHERE i.task_id = t.id AND i.state = 'succeeded')`,
          )
        ).length === 0,
      { what: 'all that was asked for to have run' },
    );
  const setting = (token: string) => ({ token, password: 'correct horse' });

  async function requestTask(path: string, email: string): Promise<string> {
    const before = new Set((await query('SELECT id FROM tasks.task')).map(({ id }) => id));
    expect((await gateway.request('POST', path, { email }, { authorization: '' })).status).toBe(202);
    const rows = await query(`SELECT id FROM tasks.task WHERE name LIKE 'accounts.request-%' ORDER BY accepted_at`);
    return String(rows.map(({ id }) => id).find((id) => !before.has(id)));
  }

  it('mails a token that sets the password, whatever the case of the address', async () => {
    await signUp('olga', { locale: 'ru' });
    await requestTask('/v1/password-resets', 'OLGA@example.com');
    const mail = await mailNumber('email.send-password-reset', 'olga@example.com', 1);

    expect(mail.payload).toMatchObject({ email: 'olga@example.com', username: 'olga', locale: 'ru' });
    expect(mail.payload.token).toMatch(/^mh1:/);
    const token = tokenOf(mail);
    const confirm = () =>
      gateway.request(
        'POST',
        '/v1/password-resets/confirm',
        { token, password: 'correct horse' },
        { authorization: '' },
      );
    expect((await confirm()).status).toBe(204);
    expect((await confirm()).status).toBe(410);
  });

  it('ends the earlier tokens of an account when it mails a new one', async () => {
    await signUp('paul');
    const first = tokenOf(await mailNumber('email.send-verification', 'paul@example.com', 1));
    await requestTask('/v1/email-verifications', 'paul@example.com');
    const second = tokenOf(await mailNumber('email.send-verification', 'paul@example.com', 2));
    const confirm = (token: string) => gateway.request('POST', '/v1/email-verifications/confirm', { token });

    expect((await confirm(first)).status).toBe(410);
    expect((await confirm(second)).status).toBe(204);
  });

  it('mails one account five links of a kind in an hour, however many ask at once and of whatever replica', async () => {
    const replica = await startGateway({ ROLE: 'http,worker', AMQP_URL: vhost.amqpUrl }, gateway.database);
    try {
      await signUp('ursula');
      const email = 'ursula@example.com';
      const ask = (path: string, to: string, n: number) =>
        (n % 2 ? gateway : replica).request('POST', path, { email: to }, { authorization: '' });
      const asked = Array.from({ length: 12 }, (_, n) => [
        ask('/v1/password-resets', email, n),
        ask('/v1/email-verifications', email, n),
        ask('/v1/password-resets', 'nobody@example.com', n),
      ]).flat();
      const answers = (await Promise.all(asked)).map(({ status, text }) => `${status} ${text}`);
      expect(new Set(answers)).toEqual(new Set(['202 {"status":"accepted"}']));
      await untilAllRan();

      const resets = await mails('email.send-password-reset', email);
      expect(resets).toHaveLength(5);
      // The sign-up's own mail is the first.
      expect(await mails('email.send-verification', email)).toHaveLength(5);
      const works = await Promise.all(
        resets.map((mail) => gateway.request('POST', '/v1/password-resets/confirm', setting(tokenOf(mail)))),
      );
      expect(works.map(({ status }) => status).sort()).toEqual([204, 410, 410, 410, 410]);

      await query(
        `UPDATE gateway.account_token SET created_at = created_at - interval '1 hour' WHERE purpose = 'password-reset'`,
      );
      await untilRun(await requestTask('/v1/password-resets', email));
      expect(await mails('email.send-password-reset', email)).toHaveLength(6);
    } finally {
      await replica.service.stop();
    }
  });

  it('mails nothing to an unknown address, nor a verification to a verified account', async () => {
    await signUp('quinn');
    const token = tokenOf(await mailNumber('email.send-verification', 'quinn@example.com', 1));
    await gateway.request('POST', '/v1/email-verifications/confirm', { token });

    await untilRun(await requestTask('/v1/email-verifications', 'quinn@example.com'));
    await untilRun(await requestTask('/v1/email-verifications', 'nobody@example.com'));
    await untilRun(await requestTask('/v1/password-resets', 'nobody@example.com'));
    expect(await mails('email.send-verification', 'quinn@example.com')).toHaveLength(1);
    expect(
      await query(
        `SELECT 1 FROM tasks.task WHERE name LIKE 'email.%' AND convert_from(payload, 'UTF8') LIKE '%nobody%'`,
      ),
    ).toEqual([]);
  });

  it('E43: deletes tokens a day after their end and idempotency keys after theirs, in batches that are a task each', async () => {
    const id = await signUp('rita');
    const insert = `INSERT INTO gateway.account_token (hash, user_id, purpose, expires_at, ended_at) SELECT sha256(($2 || n)::bytea), $1, 'password-reset'`;
    await query(`${insert}, now() - interval '25 hours', NULL FROM generate_series(1, 1500) n`, [id, 'expired']);
    await query(`${insert}, now() + interval '1 hour', now() - interval '25 hours' FROM generate_series(1, 1000) n`, [
      id,
      'used',
    ]);
    await query(`${insert}, now() - interval '23 hours', NULL FROM generate_series(1, 10) n`, [id, 'fresh']);
    await gateway.request('POST', '/v1/password-resets', { email: 'x@example.com' }, { 'idempotency-key': 'old' });
    await query(`UPDATE gateway.idempotency_key SET created_at = now() - interval '25 hours'`);
    await gateway.request('POST', '/v1/password-resets', { email: 'x@example.com' }, { 'idempotency-key': 'new' });

    const cleanup = { task: 'accounts.cleanup-expired-tokens', payload: {} };
    const { id: first } = (await gateway.request('POST', '/v1/tasks', cleanup)).json;

    const count = async (table: string, where: string) =>
      Number((await query(`SELECT count(*) FROM gateway.${table} WHERE ${where}`))[0]?.['count']);
    const second = derivedId(first, 'next batch');
    const batches = [first, second, derivedId(second, 'next batch')];
    const results = await Promise.all(batches.map((task) => untilRun(task)));
    expect(results.map(({ deleted }) => deleted)).toEqual([1000, 1000, 500]);
    expect(await count('idempotency_key', 'true')).toBe(1);
    expect(await count('account_token', `purpose = 'password-reset' AND user_id = '${id}'`)).toBe(10);
    expect(await count('account_token', `purpose = 'email-verification' AND user_id = '${id}'`)).toBe(1);
  });

  it('E43: a batch that is cut off when it enqueues the next one deletes nothing, and goes on where it was', async () => {
    const id = await signUp('tess');
    await query(
      `INSERT INTO gateway.account_token (hash, user_id, purpose, expires_at) SELECT sha256(('cut' || n)::bytea), $1, 'password-reset', now() - interval '2 days' FROM generate_series(1, 1200) n`,
      [id],
    );
    await query(`
      CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON tasks.task FOR EACH ROW
        WHEN (NEW.name = 'accounts.cleanup-expired-tokens' AND NEW.headers::jsonb ? 'x-mh-parent') EXECUTE FUNCTION public.refuse()`);
    const cleanup = { task: 'accounts.cleanup-expired-tokens', retry: { delaySeconds: 0.2, jitter: 'none' } };
    const { id: first } = (await gateway.request('POST', '/v1/tasks', cleanup)).json;
    await eventually(
      async () =>
        (await query(`SELECT FROM tasks.inbox WHERE task_id = $1 AND state = 'retrying'`, [first])).length > 0,
      { what: 'the batch to be cut off' },
    );
    const left = async () =>
      (await query('SELECT FROM gateway.account_token WHERE user_id = $1 AND expires_at < now()', [id])).length;
    expect(await left()).toBe(1200);
    await query('DROP TRIGGER refuse ON tasks.task; DROP FUNCTION public.refuse()');

    expect([await untilRun(first), await untilRun(derivedId(first, 'next batch'))]).toEqual([
      { deleted: 1000 },
      { deleted: 200 },
    ]);
    expect(await left()).toBe(0);
  });

  it('tells the cleanup in its result how many tokens it deleted', async () => {
    const id = await signUp('sara');
    await query(
      `INSERT INTO gateway.account_token (hash, user_id, purpose, expires_at) SELECT sha256(('gone' || n)::bytea), $1, 'password-reset', now() - interval '2 days' FROM generate_series(1, 7) n`,
      [id],
    );
    const { id: task } = (await gateway.request('POST', '/v1/tasks', { task: 'accounts.cleanup-expired-tokens' })).json;

    const events = await eventually(async () => {
      const messages = (await vhost.management.getMessages('task-events', 1_000))
        .map((message) => message.text)
        .filter((text) => text.includes(task));
      return messages.some((text) => text.includes('succeeded')) && messages;
    });
    expect(events.join()).toContain('"deleted":7');
  });

  it('has handlers of those tasks, and consumers on those queues, that the contracts say', async () => {
    const told = catalogue.consumers.find((one) => one.service === 'api-gateway');
    const handled = [...gateway.service.app.get(TaskServer).getHandlers().keys()];
    expect(handled.filter((name) => catalogue.tasks.has(name)).sort()).toEqual(
      told?.tasks.map((task) => task.name).sort(),
    );
    const { checks } = await gateway.service.health.report();
    for (const queue of told?.queues ?? []) expect(checks[`consumer ${queue}`]).toBe('ok');
  });

  it('D37: is ready with its consumer', async () => {
    const ready = await fetch(`http://127.0.0.1:${gateway.service.operationsPort}/health/ready`);
    expect(ready.status).toBe(200);
    expect(JSON.stringify(await ready.json())).toContain('default');
  });
});
