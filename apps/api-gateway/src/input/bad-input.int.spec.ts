import { connect } from 'node:net';
import { once } from 'node:events';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';

const user = { email: 'ann@example.com', username: 'ann' };

describe('bad input', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterEach(async () => {
    const [row] = await gateway.database.query(
      'SELECT (SELECT count(*) FROM tasks.task) + (SELECT count(*) FROM gateway.user_account) AS rows',
    );
    expect(Number(row?.['rows'])).toBe(0);
  });
  afterAll(() => gateway.stop());

  it.each([
    ['CR/LF in an e-mail address', { ...user, email: 'ann@example.com\r\nBcc: all@example.com' }, '/email'],
    ['CR/LF in a username', { ...user, username: 'ann\r\nBcc: all@example.com' }, '/username'],
    ['a username that ends in a line break', { ...user, username: 'ann\n' }, '/username'],
    ['NUL in a username', { ...user, username: 'a\0b' }, '/username'],
    ['a lone surrogate in a username', { ...user, username: 'a\ud800b' }, '/username'],
    ['a lone surrogate in a full name', { ...user, fullName: '\udc00' }, '/fullName'],
    ['an unknown field', { ...user, admin: true }, '/admin'],
    ['a time zone that does not exist', { ...user, timezone: 'Mars/Olympus' }, '/timezone'],
    ['a time zone that is an offset', { ...user, timezone: '+02:00' }, '/timezone'],
    ['a language that mails are not written in', { ...user, locale: 'xx' }, '/locale'],
    [
      'an address that is too long',
      { ...user, email: `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(150)}.com` },
      '/email',
    ],
    ['a missing username', { email: user.email }, '/username'],
    ['blanks around a username', { ...user, username: ' ann' }, '/username'],
  ])('refuses %s with 422 at its path', async (_what, body, path) => {
    const refused = await gateway.request('POST', '/v1/users', body);

    expect(refused.status).toBe(422);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.json.errors[0].path).toBe(path);
  });

  it.each([
    [
      'NUL in a payload',
      { task: 'email.send', payload: { to: 'a@example.com', subject: 'x', content: 'a\0b' } },
      '/payload/content',
    ],
    ['NUL in a key', { task: 'email.send', payload: { 'a\0': 1 } }, '/payload/a\0'],
    [
      'a lone surrogate in a list',
      { task: 'email.send', payload: { list: ['fine', ['\ud800']] } },
      '/payload/list/1/0',
    ],
    ['a slash and a tilde in a key', { task: 'email.send', payload: { 'a/b~c': '\0' } }, '/payload/a~1b~0c'],
  ])('refuses %s with 422 at its path', async (_what, body, path) => {
    const refused = await gateway.request('POST', '/v1/tasks', body);

    expect(refused.status).toBe(422);
    expect(refused.json.errors[0].path).toBe(path);
  });

  it.each([
    ['__proto__', '{"task":"email.send","payload":{"__proto__":{"polluted":true}}}'],
    ['__proto__ in disguise', '{"task":"email.send","payload":{"\\u005f_proto__":{"polluted":true}}}'],
    ['constructor.prototype', '{"task":"email.send","payload":{"constructor":{"prototype":{"polluted":true}}}}'],
    ['nothing at all', ''],
    ['half a document', '{"task":"email.send"'],
    ['256 KiB of opening brackets', '['.repeat(256 * 1024)],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ])('refuses %s with 400', async (_what, body) => {
    const refused = await gateway.send('/v1/tasks', body);

    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['DELETE', '/v1/sessions/0d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11', 404],
    ['POST', '/v1/tasks/0d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11/revoke', 404],
    ['DELETE', '/v1/schedules/nightly', 503],
    ['POST', '/v1/schedules/nightly/run', 503],
  ])('takes %s %s without a body, though its type is JSON', async (method, path, status) => {
    const answer = await gateway.request(method, path, undefined, { 'content-type': 'application/json' });
    expect(answer.status).toBe(status);
  });

  it.each([
    ['objects nested 10,000 deep', `{"task":"email.send","payload":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`],
    ['lists nested 100,000 deep', `{"task":"email.send","payload":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`],
    ['a document that is nothing but lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('refuses %s with 422 and lives on', async (_what, body) => {
    for (const path of ['/v1/tasks', '/v1/tasks/bulk', '/v1/users', '/v1/password-resets']) {
      const refused = await gateway.send(path, body, { 'idempotency-key': 'deep' });
      expect(refused.status).toBe(422);
      expect(refused.text.length).toBeLessThan(2000);
    }
  });

  it('answers a million faults with the first hundred', async () => {
    const body = `{"tasks":[${Array.from({ length: 200 }, () => '{"task":"email.send","payload":{},"a":1,"b":2}').join(',')}]}`;
    const refused = await gateway.send('/v1/tasks/bulk', body);

    expect(refused.status).toBe(422);
    expect(refused.json.errors).toHaveLength(100);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'application/jsonx'])(
    'refuses a body of type %s with 415',
    async (type) => {
      const refused = await gateway.send('/v1/tasks', 'task=email.send', { 'content-type': type });
      expect(refused.status).toBe(415);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it('answers a missing body with 422', async () => {
    expect((await gateway.request('POST', '/v1/tasks')).status).toBe(422);
  });

  it.each(['/v1/nothing', '/', '/v1/tasks/a/b/c'])('answers 404 for the path %s', async (path) => {
    const answer = await gateway.request('GET', path);
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ status: 404, title: 'Not Found' });
  });

  it('answers 405 with Allow for a method that a path does not have', async () => {
    const answer = await gateway.request('DELETE', '/v1/users');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    const read = await gateway.request('PUT', '/v1/tasks/00000000-0000-4000-8000-000000000000', {});
    expect(read.status).toBe(405);
    expect(read.headers.get('allow')).toContain('GET');
  });

  it('answers a path that cannot be decoded with a problem document', async () => {
    const answer = await gateway.request('GET', '/v1/tasks/%E0%A4%A');
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('answers an id of a thousand characters with a problem document', async () => {
    const answer = await gateway.request('GET', `/v1/tasks/${'a'.repeat(1000)}`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('survives bytes that are no HTTP', async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.end('\0\0\0 nonsense\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect((await gateway.request('GET', '/v1/task-types')).status).toBe(200);
  });

  it('names each answer by a request id, its own or the one of the caller', async () => {
    const own = await gateway.request('GET', '/v1/task-types');
    expect(own.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(
      (await gateway.request('GET', '/v1/task-types', undefined, { 'x-request-id': 'abc-1' })).headers.get(
        'x-request-id',
      ),
    ).toBe('abc-1');
    expect(own.headers.get('x-content-type-options')).toBe('nosniff');
    expect(own.headers.get('cache-control')).toBe('no-store');
  });
});
