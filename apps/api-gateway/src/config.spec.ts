import { createHash } from 'node:crypto';
import { loadGatewayConfig } from './config.js';

const complete = {
  DATABASE_URL: 'postgres://localhost/mentorhub',
  AMQP_URL: 'amqp://localhost',
  PAYLOAD_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  API_KEYS: `ops:${createHash('sha256').update('key').digest('hex')}`,
};

describe("the gateway's configuration", () => {
  it('has both roles, port 3000 and a limit for the public flows unless told otherwise', () => {
    expect(loadGatewayConfig(complete)).toMatchObject({
      ROLE: ['http', 'worker'],
      HTTP_PORT: 3000,
      PUBLIC_REQUESTS_PER_MINUTE: 60,
      ACCOUNT_MAILS_PER_HOUR: 5,
      TRUST_PROXY: false,
    });
  });

  it('needs a key for the role http only', () => {
    const { API_KEYS: _none, ...rest } = complete;
    expect(() => loadGatewayConfig(rest)).toThrow(/API_KEYS .*Set API_KEYS to name:hash/);
    expect(loadGatewayConfig({ ...rest, ROLE: 'worker' }).ROLE).toEqual(['worker']);
  });

  it.each([
    ['ROLE', 'http,cook'],
    ['HTTP_PORT', '70000'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['PUBLIC_REQUESTS_PER_MINUTE', '-1'],
    ['ACCOUNT_MAILS_PER_HOUR', '-1'],
    ['API_KEYS', 'ops:secret'],
    ['DATABASE_URL', 'mysql://localhost'],
  ])('refuses %s=%s with a sentence that names it', (name, value) => {
    expect(() => loadGatewayConfig({ ...complete, [name]: value })).toThrow(new RegExp(`^${name} .*Set ${name} to `));
  });

  it('takes the addresses of proxies', () => {
    expect(loadGatewayConfig({ ...complete, TRUST_PROXY: '10.0.0.0/8, ::1' }).TRUST_PROXY).toEqual([
      '10.0.0.0/8',
      '::1',
    ]);
  });
});
