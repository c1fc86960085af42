import { UnsubscribeEmail, unsubscribePurpose } from '@mentorhub/contracts';
import { SealedTokens } from '@mentorhub/service';
import { payloadKey, startGateway, type RunningGateway } from '../../test/running-gateway.js';

const keys = { activeId: 'k1', keys: new Map([['k1', payloadKey]]) };
const claim = { email: 'ann@example.com', category: 'reminders' };
const token = new SealedTokens(keys, unsubscribePurpose).seal(claim);
const one = 'List-Unsubscribe=One-Click';

describe('the unsubscribe link of mails', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway({ PUBLIC_REQUESTS_PER_MINUTE: '40' });
  });
  afterAll(() => gateway.stop());
  beforeEach(() => gateway.database.query('TRUNCATE tasks.task CASCADE'));

  const path = (of: string, more = '') => `/v1/unsubscribe?token=${of}${more}`;
  const keyless = { authorization: '' };
  const get = (of: string, more?: string) => gateway.request('GET', path(of, more), undefined, keyless);
  const post = (of: string, body: string, type: string) =>
    gateway.send(path(of), body, { ...keyless, 'content-type': type });
  const enqueued = async () => {
    const sql = `SELECT name, convert_from(payload, 'UTF8')::json AS payload FROM tasks.task`;
    return gateway.database.query(sql);
  };

  it('leads to a page with a button, and unsubscribes nobody who only follows it', async () => {
    const page = await get(token);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(page.text).toContain('<form method="post"><button>Unsubscribe</button></form>');
    expect(page.text).not.toContain('ann@');
    expect((await get(token, '&lang=ru')).text).toContain('Отписаться');
    expect((await get(token, '&lang=xx')).status).toBe(200);
    expect((await gateway.request('HEAD', path(token), undefined, keyless)).status).toBe(200);
    expect(await enqueued()).toEqual([]);
  });

  it.each([
    ['a mail client, as a form', one, 'application/x-www-form-urlencoded'],
    [
      'a mail client, as the form that RFC 8058 prefers',
      `--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n`,
      'multipart/form-data; boundary=x',
    ],
    ['the button of the page', '', 'application/x-www-form-urlencoded'],
  ])('hands the address on for one click of %s', async (_, body, type) => {
    const answer = await post(token, body, type);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('You are unsubscribed');
    expect(await enqueued()).toEqual([{ name: UnsubscribeEmail.name, payload: claim }]);
  });

  it('may be clicked twice', async () => {
    const clicks = [
      await post(token, one, 'application/x-www-form-urlencoded'),
      await post(token, one, 'application/x-www-form-urlencoded'),
    ];
    expect(clicks.map(({ status, text }) => [status, text.includes('You are unsubscribed')])).toEqual([
      [200, true],
      [200, true],
    ]);
  });

  it.each([
    ['changed', `${token.slice(0, 8)}${token[8] === 'A' ? 'B' : 'A'}${token.slice(9)}`],
    ['cut', token.slice(0, 20)],
    ['sealed for something else', new SealedTokens(keys, 'another purpose').seal(claim)],
    [
      'sealed by somebody else',
      new SealedTokens({ activeId: 'k1', keys: new Map([['k1', Buffer.alloc(32)]]) }, unsubscribePurpose).seal(claim),
    ],
    ['about another kind of mail', new SealedTokens(keys, unsubscribePurpose).seal({ ...claim, category: 'all' })],
  ])('is refused when it is %s', async (_, wrong) => {
    for (const answer of [await get(wrong), await post(wrong, one, 'application/x-www-form-urlencoded')]) {
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('This link does not work');
      expect(answer.text).not.toContain('<form');
    }
    expect(await enqueued()).toEqual([]);
  });

  it('takes forms here alone, and small ones', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await gateway.send('/v1/password-resets', 'email=ann%40example.com', form)).status).toBe(415);
    expect((await post(token, 'x'.repeat(5_000), 'application/x-www-form-urlencoded')).status).toBe(413);
    expect((await gateway.request('GET', '/v1/unsubscribe', undefined, keyless)).status).toBe(422);
  });

  it('is limited like the other public flows', async () => {
    const statuses = await Promise.all(Array.from({ length: 41 }, async () => (await get(token)).status));
    expect(statuses).toContain(429);
  });
});
