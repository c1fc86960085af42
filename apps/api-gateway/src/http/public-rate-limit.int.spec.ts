import { apiKey, startGateway, type RunningGateway } from '../../test/running-gateway.js';

describe('the limit of the public flows', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway({ PUBLIC_REQUESTS_PER_MINUTE: '5', TRUST_PROXY: '127.0.0.1' });
  });
  afterAll(() => gateway.stop());

  const ask = (address: string, path = '/v1/password-resets', authorization = '') =>
    gateway.request('POST', path, { email: 'ann@example.com' }, { 'x-forwarded-for': address, authorization });

  it('answers 429 with Retry-After beyond so many requests of one address to all of them together', async () => {
    for (const path of [
      '/v1/password-resets',
      '/v1/email-verifications',
      '/v1/password-resets',
      '/v1/email-verifications',
      '/v1/password-resets',
    ])
      expect((await ask('192.0.2.1', path)).status).toBe(202);
    const refused = await ask('192.0.2.1');

    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.json).toMatchObject({ status: 429, detail: expect.stringMatching(/Try again in \d+ seconds/) });
    expect((await ask('192.0.2.1', '/v1/email-verifications')).status).toBe(429);
  });

  it('counts each address for itself, and a whole IPv6 network as one', async () => {
    expect((await ask('192.0.2.2')).status).toBe(202);
    for (let n = 1; n <= 5; n++) expect((await ask(`2001:db8::${n}`)).status).toBe(202);
    expect((await ask('2001:db8::6')).status).toBe(429);
  });

  it('does not count a backend with a valid key, which asks for all its users; a key that nobody has is like none', async () => {
    const statuses = async (address: string, authorization: string) => {
      const answers = [];
      for (let n = 0; n < 8; n++) answers.push((await ask(address, '/v1/email-verifications', authorization)).status);
      return answers;
    };
    expect(await statuses('192.0.2.3', `Bearer ${apiKey}`)).toEqual(Array(8).fill(202));
    expect(await statuses('192.0.2.3', 'Bearer nobody-has-this')).toEqual([202, 202, 202, 202, 202, 429, 429, 429]);
    expect(await statuses('192.0.2.3', `Bearer ${apiKey}`)).toEqual(Array(8).fill(202));
  });

  it('does not limit what needs a key', async () => {
    for (let n = 0; n < 8; n++) expect((await gateway.request('GET', '/v1/task-types')).status).toBe(200);
  });
});
