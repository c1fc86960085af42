import { PayloadCipher } from '@mentorhub/tasks/payload';
import { payloadKey, startGateway, type Reply, type RunningGateway } from '../../test/running-gateway.js';
import { issueToken } from './account-tokens.js';
import { DataSource } from 'typeorm';

const cipher = new PayloadCipher({ activeId: 'k1', keys: new Map([['k1', payloadKey]]) });

describe('accounts', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const signUp = (username: string, more: object = {}): Promise<Reply> =>
    gateway.request('POST', '/v1/users', { email: `${username}@example.com`, username, ...more });
  const query = (sql: string, parameters: unknown[] = []) => gateway.database.query(sql, parameters);
  const confirm = (token: string) => gateway.request('POST', '/v1/email-verifications/confirm', { token });
  const reset = (token: string, password = 'correct horse') =>
    gateway.request('POST', '/v1/password-resets/confirm', { token, password });

  /** The token as the mail has it: decrypted from its task. */
  async function mailedToken(email: string): Promise<string> {
    const rows = await query(
      `SELECT id, convert_from(payload, 'UTF8')::json AS payload FROM tasks.task
       WHERE name = 'email.send-verification' AND convert_from(payload, 'UTF8')::json ->> 'email' = $1`,
      [email],
    );
    const { id, payload } = rows[0] as { id: string; payload: { token: string } };
    return String(cipher.decrypt(payload.token, `${id}/token`));
  }

  async function resetToken(userId: string): Promise<string> {
    return gateway.service.app.get(DataSource).transaction((tx) => issueToken(tx, userId, 'password-reset'));
  }

  describe('sign-up', () => {
    it('answers 201 and makes the account, its token, the event and the mail task in one transaction', async () => {
      const created = await signUp('ann', { fullName: 'Ann Smith', locale: 'ru', timezone: 'Europe/Berlin' });

      expect(created.status).toBe(201);
      expect(created.json).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        email: 'ann@example.com',
        username: 'ann',
        fullName: 'Ann Smith',
        locale: 'ru',
        timezone: 'Europe/Berlin',
        emailVerified: false,
        createdAt: expect.stringMatching(/Z$/),
      });
      const [row] = await query(
        `SELECT u.xmin::text AS account, t.xmin::text AS token, e.xmin::text AS event, k.xmin::text AS task,
           convert_from(e.body, 'UTF8')::json AS body, convert_from(k.payload, 'UTF8')::json AS payload, length(t.hash) AS hash
         FROM gateway.user_account u JOIN gateway.account_token t ON t.user_id = u.id, tasks.event_outbox e, tasks.task k
         WHERE u.id = $1 AND convert_from(e.body, 'UTF8')::json ->> 'userId' = u.id::text AND k.name = 'email.send-verification'`,
        [created.json.id],
      );
      expect(row).toMatchObject({
        body: { userId: created.json.id },
        payload: { email: 'ann@example.com', username: 'ann', locale: 'ru' },
        hash: 32,
      });
      expect(row?.['account']).toBe(row?.['token']);
    });

    it('speaks English and keeps UTC unless told otherwise', async () => {
      expect((await signUp('bob')).json).toMatchObject({ locale: 'en', timezone: 'UTC', fullName: null });
    });

    it('answers 409 for an address that is taken, whatever its case, and says which part', async () => {
      await signUp('carol');
      const refused = await gateway.request('POST', '/v1/users', { email: 'CAROL@Example.COM', username: 'carol2' });

      expect(refused.status).toBe(409);
      expect(refused.json).toMatchObject({ title: 'Conflict', errors: [{ path: '/email', message: 'is taken' }] });
    });

    it('answers 409 for a name that is taken and leaves nothing behind', async () => {
      await signUp('dave');
      const refused = await gateway.request('POST', '/v1/users', { email: 'dave2@example.com', username: 'dave' });

      expect(refused.json).toMatchObject({ status: 409, errors: [{ path: '/username' }] });
      expect(await query(`SELECT 1 FROM tasks.task WHERE convert_from(payload, 'UTF8') LIKE '%dave2%'`)).toEqual([]);
    });

    it('lets one of many at the same moment have an address', async () => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => signUp(`race${n}`, { email: 'race@example.com' })),
      );

      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 11 }, () => 409)]);
    });

    it('takes HTML in a name as the text that it is', async () => {
      const name = '<b onclick="x">Zo\u00eb & \u{1f600}</b>';
      expect(
        (await gateway.request('POST', '/v1/users', { email: 'html@example.com', username: name })).json.username,
      ).toBe(name);
    });
  });

  describe('verification', () => {
    it('confirms by the mailed token with 204, and again with 410', async () => {
      const { id } = (await signUp('eve')).json;
      const token = await mailedToken('eve@example.com');

      const first = await confirm(token);
      expect(first.status).toBe(204);
      expect(first.text).toBe('');
      const second = await confirm(token);
      expect(second.status).toBe(410);
      expect(second.json).toMatchObject({ title: 'Gone', detail: expect.stringContaining('Ask for a new') });
      const [user] = await query('SELECT email_verified_at FROM gateway.user_account WHERE id = $1', [id]);
      expect(user?.['email_verified_at']).toBeInstanceOf(Date);
    });

    it('lets one of many at the same moment use a token', async () => {
      await signUp('frank');
      const token = await mailedToken('frank@example.com');
      const statuses = (await Promise.all(Array.from({ length: 10 }, () => confirm(token)))).map(
        ({ status }) => status,
      );

      expect(statuses.sort()).toEqual([204, ...Array.from({ length: 9 }, () => 410)]);
    });

    it.each(['A'.repeat(43), 'nonsense', '\u{1f600}'])('answers 410 to the unknown token %s', async (token) => {
      expect((await confirm(token)).status).toBe(410);
    });

    it('answers 410 to a token that has expired, and to one for another purpose', async () => {
      const { id } = (await signUp('grace')).json;
      const token = await mailedToken('grace@example.com');
      await query(`UPDATE gateway.account_token SET expires_at = now() WHERE user_id = $1`, [id]);

      expect((await confirm(token)).status).toBe(410);
      expect((await confirm(await resetToken(id))).status).toBe(410);
    });

    it('keeps a verification token for 24 hours and a reset token for one', async () => {
      const { id } = (await signUp('heidi')).json;
      await resetToken(id);
      const rows = await query(
        `SELECT purpose, round(extract(epoch FROM expires_at - created_at))::int AS seconds FROM gateway.account_token WHERE user_id = $1 ORDER BY purpose`,
        [id],
      );
      expect(rows).toEqual([
        { purpose: 'email-verification', seconds: 86_400 },
        { purpose: 'password-reset', seconds: 3600 },
      ]);
    });
  });

  describe('the public flows', () => {
    it.each(['/v1/email-verifications', '/v1/password-resets'])(
      'POST %s answers the same 202 and stores the same for known and unknown',
      async (path) => {
        await signUp(path.includes('reset') ? 'ivan' : 'judy');
        const known = await gateway.request('POST', path, {
          email: path.includes('reset') ? 'ivan@example.com' : 'judy@example.com',
        });
        const unknown = await gateway.request('POST', path, { email: 'nobody@example.com' });

        expect([known.status, unknown.status]).toEqual([202, 202]);
        expect(known.text).toBe('{"status":"accepted"}');
        expect(unknown.text).toBe(known.text);
        const names = (reply: Reply) => [...reply.headers.keys()].sort();
        expect(names(unknown)).toEqual(names(known));
        const rows = await query(
          `SELECT name, state, convert_from(payload, 'UTF8')::json ->> 'email' AS email FROM tasks.task WHERE name LIKE 'accounts.request-%'
        AND name LIKE $1 ORDER BY accepted_at`,
          [path.includes('reset') ? '%reset' : '%verification'],
        );
        expect(rows).toHaveLength(2);
        expect(new Set(rows.map(({ name, state }) => JSON.stringify([name, state]))).size).toBe(1);
      },
    );
  });

  describe('password reset', () => {
    it('sets the password by the token, once, and ends the other tokens', async () => {
      const { id } = (await signUp('kim')).json;
      const token = await resetToken(id);
      await query(
        `INSERT INTO gateway.account_token (hash, user_id, purpose, expires_at) VALUES (sha256('other'), $1, 'password-reset', now() + interval '1 hour')`,
        [id],
      );

      expect((await reset(token)).status).toBe(204);
      expect((await reset(token)).status).toBe(410);
      expect((await reset('other')).status).toBe(410);
      const [user] = await query('SELECT password_hash FROM gateway.user_account WHERE id = $1', [id]);
      expect(user?.['password_hash']).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    });

    it('lets one of several at the same moment set the password', async () => {
      const { id } = (await signUp('leo')).json;
      const token = await resetToken(id);
      const statuses = (
        await Promise.all(['password one', 'password two', 'password three'].map((one) => reset(token, one)))
      ).map(({ status }) => status);

      expect(statuses.sort()).toEqual([204, 410, 410]);
    });

    it('refuses a password that is too short or too long, and the token stays', async () => {
      const { id } = (await signUp('mia')).json;
      const token = await resetToken(id);

      expect((await reset(token, '1234567')).json).toMatchObject({ status: 422, errors: [{ path: '/password' }] });
      expect((await reset(token, 'x'.repeat(201))).status).toBe(422);
      expect((await reset(token)).status).toBe(204);
    });

    it('keeps tokens as hashes only', async () => {
      const { id } = (await signUp('nina')).json;
      const token = await resetToken(id);
      const rows = await query('SELECT row_to_json(t)::text AS row FROM gateway.account_token t');

      expect(rows.map(({ row }) => row).join()).not.toContain(token);
    });
  });
});
