import { startGateway, type RunningGateway } from '../../test/running-gateway.js';
import { suppressionCursor } from './requests.js';

/** The gateway's side, without a broker; `platform.e2e.spec.ts` has the whole way. */
describe('the suppression list over REST', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());

  const get = (query: string) => gateway.request('GET', `/v1/suppressions${query}`);

  it.each([
    ['?limit=0', '/limit'],
    ['?limit=201', '/limit'],
    ['?limit=ten', '/limit'],
    ['?email=nobody', '/email'],
    ['?cursor=nonsense', '/cursor'],
    [`?cursor=${Buffer.from('{"since":"today"}').toString('base64url')}`, '/cursor'],
    ['?reason=bounced', '/reason'],
  ])('refuses the query %s with 422 at its place', async (query, path) => {
    const { status, json } = await get(query);
    expect(status).toBe(422);
    expect(json.errors.map((error: { path: string }) => error.path)).toEqual([path]);
  });

  it('answers 503 while RabbitMQ is away, also for the next page', async () => {
    const cursor = suppressionCursor.write({
      since: '2030-01-01T00:00:00.000Z',
      email: 'ann@example.com',
      scope: 'all',
    });
    const { status, headers } = await get(`?email=ann@example.com&limit=200&cursor=${cursor}`);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).not.toBeNull();
  });

  it('needs a key', async () => {
    expect((await gateway.request('GET', '/v1/suppressions', undefined, { authorization: '' })).status).toBe(401);
  });
});
