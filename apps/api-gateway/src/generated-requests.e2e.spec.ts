import { Agent } from 'node:http';
import { eventually, sized } from '@mentorhub/testing';
import fc from 'fast-check';
import type { JsonSchema } from '../test/generated-requests/json-schema.js';
import {
  requestsTo,
  type GeneratedRequest,
  type KnownToRequests,
  type OpenApi,
} from '../test/generated-requests/requests.js';
import { atOnce, send, type WireAnswer } from '../test/generated-requests/send.js';
import { platformKey, Platform } from '../test/platform.js';

const count = sized({ short: 5_000, full: 50_000 });
/** Of the run whose requests are wanted again; a new one each time would be no test that can be repeated. */
const seed = Number(process.env['REQUESTS_SEED'] ?? 20_261_127);
const pageSize = 500;
const underWay = 16;

/** The whole platform, asked whatever its OpenAPI document allows and much that it does not. */
describe('generated requests', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await Platform.start({ env: { LOG_LEVEL: 'warn' } });
  }, 600_000);
  afterAll(() => platform?.stop());

  const ok = async (method: string, path: string, body?: unknown) => {
    const answer = await platform.request(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

  /** Something of everything, so that not every id is unknown, and a cursor of each list. */
  async function furnish(): Promise<KnownToRequests> {
    const ann = await ok('POST', '/v1/users', { email: 'ann@example.com', username: 'ann' });
    const bob = await ok('POST', '/v1/users', { email: 'bob@example.com', username: 'bob' });
    const session = { studentId: ann.id, mentorId: bob.id, durationMinutes: 60 };
    const startsAt = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const first = await ok('POST', '/v1/sessions', { ...session, startsAt: startsAt(30) });
    const second = await ok('POST', '/v1/sessions', { ...session, startsAt: startsAt(40) });
    const task = { task: 'accounts.cleanup-expired-tokens', countdown: 86_400 };
    const ids = [ann.id, bob.id, first.id, second.id];
    for (let n = 0; n < 3; n++) ids.push((await ok('POST', '/v1/tasks', task)).id);
    for (const email of ['ann@example.com', 'bob@example.com'])
      await ok('POST', '/v1/tasks', { task: 'email.unsubscribe', payload: { email, category: 'reminders' } });
    const cursorOf = (list: string) =>
      eventually(async () => (await ok('GET', `/v1/${list}?limit=1`)).nextCursor as string | null, {
        what: `two ${list}`,
      });
    const lists = ['sessions', 'schedules', 'suppressions'];
    const cursors = Object.fromEntries(
      await Promise.all(lists.map(async (list) => [`/v1/${list}`, await cursorOf(list)] as const)),
    );
    const names = (await ok('GET', '/v1/schedules')).items.map(({ name }: { name: string }) => name);
    const tasks = (await ok('GET', '/v1/task-types')).items as { name: string; payload: JsonSchema }[];
    return { key: platformKey, ids, names: [...names, 'unknown', 'Not-A-Name'], cursors, tasks };
  }

  it(
    `are all answered, ${count} of them, none by a fault of ours and none with a stack`,
    async () => {
      const openApi = (await ok('GET', '/docs/openapi.json')) as OpenApi;
      const requests = requestsTo(openApi, await furnish());
      const origin = platform.running.services['api-gateway'].httpUrl;
      const agent = new Agent({ keepAlive: true, maxSockets: underWay });
      const wrong: unknown[] = [];
      const statuses = new Map<number, number>();
      for (let page = 0; page * pageSize < count; page++)
        await atOnce(underWay, fc.sample(requests, { seed: seed + page, numRuns: pageSize }), async (request) => {
          const { answer, fault } = await judged(origin, agent, request);
          statuses.set(answer?.status ?? 0, (statuses.get(answer?.status ?? 0) ?? 0) + 1);
          if (fault) wrong.push({ fault, ...shown(request), answer });
        });
      agent.destroy();

      expect({ seed, wrong: wrong.slice(0, 10), more: Math.max(0, wrong.length - 10) }).toEqual({
        seed,
        wrong: [],
        more: 0,
      });
      // A generator that is always refused, or never, tests nothing.
      const share = (from: number) =>
        [...statuses].filter(([status]) => Math.floor(status / 100) === from).reduce((sum, [, n]) => sum + n, 0) /
        count;
      expect(share(2)).toBeGreaterThan(0.05);
      expect(share(4)).toBeGreaterThan(0.2);
      // All of them live on, whatever they were asked or given to do.
      await Promise.all(Object.values(platform.running.services).map((service) => service.ready()));
    },
    sized({ short: 600_000, full: 3_600_000 }),
  );
});

interface Judgement {
  readonly answer?: WireAnswer;
  readonly fault?: string;
}

/** "Try again later" is an answer, if it is better later. */
async function judged(origin: string, agent: Agent, request: GeneratedRequest, tries = 5): Promise<Judgement> {
  try {
    const answer = await send(origin, agent, request);
    if (tries > 1 && [503, 504].includes(answer.status)) return await judged(origin, agent, request, tries - 1);
    const fault = faultIn(answer, request);
    return fault ? { answer, fault } : { answer };
  } catch (error) {
    return { fault: `not answered: ${String(error)}` };
  }
}

function faultIn({ status, type, text }: WireAnswer, { method }: GeneratedRequest): string | undefined {
  if (status >= 500) return `answered with ${status}`;
  if (status >= 400 && method !== 'HEAD' && type === 'application/problem+json') {
    const problem = JSON.parse(text) as { status: number; detail: string };
    if (problem.status !== status || !problem.detail) return 'a problem document that is none';
  }
  return /\n\s+at .+:\d+|node_modules\//.test(text.replaceAll('\\n', '\n')) ? 'shows a stack' : undefined;
}

const shown = ({ method, path, headers, body }: GeneratedRequest) => ({
  request: `${method} ${path.slice(0, 500)}`,
  headers,
  body: body?.toString().slice(0, 1_000),
});
