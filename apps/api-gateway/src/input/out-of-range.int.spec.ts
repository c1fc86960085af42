import { startGateway, type RunningGateway } from '../../test/running-gateway.js';

const id = '0d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11';
const cursor = (place: unknown) =>
  Buffer.from(typeof place === 'string' ? place : JSON.stringify(place)).toString('base64url');
const sessionPlace = (startsAt: unknown) => cursor({ startsAt, id });
const suppressionPlace = (more: object) =>
  cursor({ since: '2030-01-01T00:00:00Z', email: 'ann@example.com', scope: 'all', ...more });

/** Without a broker: what is refused here is refused before anybody else is asked. */
describe('what no date, no cursor and no clock can hold', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());

  it.each([
    ['sessions', 'a start before all years', sessionPlace('0000-01-01T00:00:00Z')],
    ['sessions', 'a start that is no date', sessionPlace('2030-02-30T00:00:00Z')],
    ['sessions', 'a start beyond all years', sessionPlace('+275760-09-13T00:00:00Z')],
    ['sessions', 'the number of a start before all years', cursor(`-999999999999999.${id}`)],
    ['sessions', 'the number of a start beyond all years', cursor(`999999999999999.${id}`)],
    ['sessions', 'a start of two hundred digits', sessionPlace(`2030-01-01T00:00:00.${'1'.repeat(200)}Z`)],
    ['sessions', 'more than a place', cursor({ startsAt: '2030-01-01T00:00:00Z', id, more: 1 })],
    ['sessions', 'an id that is none', cursor({ startsAt: '2030-01-01T00:00:00Z', id: 'x' })],
    ['sessions', 'JSON that is no place', cursor('null')],
    ['sessions', 'nothing', ''],
    ['sessions', 'bytes that are no UTF-8', Buffer.from([0xff, 0xfe]).toString('base64url')],
    ['sessions', 'what is no base64', '{}'],
    ['sessions', 'too much', 'a'.repeat(100_000 / 16)],
    ['suppressions', 'an instant before all years', suppressionPlace({ since: '0000-01-01T00:00:00Z' })],
    [
      'suppressions',
      'an instant of two hundred digits',
      suppressionPlace({ since: `2030-01-01T00:00:00.${'1'.repeat(200)}Z` }),
    ],
    ['suppressions', 'NUL in the address', suppressionPlace({ email: 'a\0@example.com' })],
    ['suppressions', 'half a character in the address', suppressionPlace({ email: '\ud800@example.com' })],
    [
      'suppressions',
      'a key that reaches a prototype',
      cursor('{"__proto__":{},"since":"2030-01-01T00:00:00Z","email":"a","scope":"all"}'),
    ],
    ['suppressions', 'lists that are nested deep', cursor(`${'['.repeat(300)}${']'.repeat(300)}`)],
    ['schedules', 'a name that is none', cursor(JSON.stringify('A\0'))],
    ['schedules', 'a name without quotes', cursor('nightly')],
  ])('a cursor of %s that holds %s is 422', async (list, _what, text) => {
    const { status, json } = await gateway.request('GET', `/v1/${list}?cursor=${encodeURIComponent(text)}`);
    expect(status).toBe(422);
    expect(json.errors).toEqual([{ path: '/cursor', message: 'must be the nextCursor of the page before' }]);
  });

  it.each([
    '9999-12-31T23:59:59Z',
    '3000-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '2999-12-31T23:59:59-01:00',
  ])('a preview from %s is 422', async (from) => {
    const { status, json } = await gateway.request(
      'GET',
      `/v1/schedules/nightly/preview?from=${encodeURIComponent(from)}`,
    );
    expect(status).toBe(422);
    expect(json.errors).toMatchObject([{ path: '/from' }]);
  });

  const task = { task: 'accounts.cleanup-expired-tokens' };
  const schedule = { ...task, name: 'nightly' };

  it.each([
    ['POST', '/v1/tasks', (instant: string) => ({ ...task, eta: instant }), '/eta'],
    ['POST', '/v1/tasks', (instant: string) => ({ ...task, expires: instant }), '/expires'],
    ['PATCH', `/v1/tasks/${id}`, (instant: string) => ({ eta: instant }), '/eta'],
    ['POST', '/v1/schedules', (instant: string) => ({ ...schedule, at: instant }), '/at'],
    ['POST', '/v1/schedules', (instant: string) => ({ ...schedule, every: 60, startsAt: instant }), '/startsAt'],
    ['PATCH', '/v1/schedules/nightly', (instant: string) => ({ endsAt: instant }), '/endsAt'],
    ['PATCH', `/v1/sessions/${id}`, (instant: string) => ({ startsAt: instant }), '/startsAt'],
  ])('%s %s with an instant that is written in no year is 422', async (method, path, body, at) => {
    for (const instant of [
      '9999-12-31T23:59:59-23:59',
      '0000-12-31T23:59:59Z',
      '0001-01-01T00:00:00+00:01',
      `2030-01-01T00:00:00.${'1'.repeat(200)}Z`,
    ]) {
      const { status, json } = await gateway.request(method, path, body(instant));
      expect([instant, status]).toEqual([instant, 422]);
      expect(json.errors).toMatchObject([{ path: at }]);
    }
  });

  it('the first and the last instant of all years are dates like others', async () => {
    for (const times of [
      { eta: '0001-01-01T00:00:00Z', expires: '9999-12-31T23:59:59.999Z' },
      { eta: '9999-12-31T23:59:59.999+00:00' },
    ]) {
      const accepted = await gateway.request('POST', '/v1/tasks', { ...task, ...times });
      expect(accepted.status).toBe(202);
      expect((await gateway.request('GET', accepted.headers.get('location')!)).status).toBe(200);
    }
  });
});
