import { startGateway, type RunningGateway } from '../../test/running-gateway.js';

describe('authentication', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const withHeader = (authorization: string, path = '/v1/task-types') =>
    gateway.request('GET', path, undefined, { authorization });

  it.each(['', 'Bearer', 'Bearer ', 'Basic a2V5OmtleQ==', 'key-of-the-tests'])(
    'answers 401 to the header "%s"',
    async (authorization) => {
      const refused = await withHeader(authorization);

      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      expect(refused.json).toMatchObject({ status: 401, title: 'Unauthorized' });
    },
  );

  it('answers 401 to a key that nobody has, and does not repeat it', async () => {
    const refused = await withHeader('Bearer some-other-key');

    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('invalid_token');
    expect(refused.text).not.toContain('some-other-key');
  });

  it.each(['/v1/task-types', '/v1/tasks/x', '/v1/tasks/x/result'])('needs a key for GET %s', async (path) => {
    expect((await withHeader('', path)).status).toBe(401);
  });

  it.each(['/v1/users', '/v1/tasks', '/v1/tasks/bulk'])(
    'refuses POST %s without a key before it reads the body',
    async (path) => {
      expect(
        (await gateway.send(path, 'x'.repeat(20 * 1024 * 1024), { authorization: '' }).catch(() => ({ status: 401 })))
          .status,
      ).toBe(401);
      expect((await gateway.request('POST', path, {}, { authorization: '' })).status).toBe(401);
    },
  );

  it.each([
    ['/v1/email-verifications', { email: 'a@example.com' }, 202],
    ['/v1/password-resets', { email: 'a@example.com' }, 202],
    ['/v1/email-verifications/confirm', { token: 'unknown' }, 410],
    ['/v1/password-resets/confirm', { token: 'unknown', password: 'long enough' }, 410],
  ])('needs no key for POST %s', async (path, body, status) => {
    expect((await gateway.request('POST', path, body, { authorization: '' })).status).toBe(status);
  });
});
