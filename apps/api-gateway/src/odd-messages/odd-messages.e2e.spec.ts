import { jest } from '@jest/globals';
import { catalogue, streams } from '@mentorhub/contracts';
import { eventually, PrivateBroker, RawPublisher, sized } from '@mentorhub/testing';
import { oddMessages } from '../../test/odd-messages.js';
import { Platform, serviceNames } from '../../test/platform.js';

const count = sized({ short: 1_000, full: 20_000 });
/** Another seed gives other messages; the same one the same. */
const seed = 'first';
const goodOnes = 40;

jest.setTimeout(count * 100 + 300_000);

describe('Odd messages in every queue', () => {
  let broker: PrivateBroker;
  let platform: Platform;

  beforeAll(async () => {
    broker = await PrivateBroker.create();
    platform = await Platform.start({ vhost: await broker.createVhost() });
  });
  afterAll(async () => {
    await platform?.stop();
    await broker?.remove();
  });

  const lettersWith = async () => {
    const letters = await platform.database.query<{ body: Buffer }>('SELECT body FROM tasks.dead_letter');
    return new Set(letters.flatMap(({ body }) => body.toString('latin1').match(/odd-\d+-/g) ?? []));
  };

  it(`of ${count} (seed "${seed}") none stops a consumer, comes round, or gets lost, and no good one suffers`, async () => {
    const { management } = platform.vhost;
    const temporary = ['control.', 'replies.', 'scheduler-calls', 'analytics-calls'];
    const queues = await eventually(
      async () => {
        const names = (await management.queues()).map(({ name }) => name).filter((name) => !name.startsWith('delay.'));
        return temporary.every((start) => names.some((name) => name.startsWith(start))) ? names : undefined;
      },
      { what: 'the temporary queues of all services' },
    );
    expect(queues).toEqual(expect.arrayContaining([...catalogue.queues, ...Object.values(streams)]));
    const odd = oddMessages(queues, count, seed);
    const good: Promise<string>[] = [];
    const publisher = await RawPublisher.connect(platform.vhost.amqpUrl);
    for (const [n, message] of odd.entries()) {
      publisher.publish(message);
      if (n % Math.floor(count / goodOnes) === 0) good.push(acceptMail(n));
      if (n % 500 === 499) await publisher.confirmed();
    }
    await publisher.confirmed();
    await publisher.close();

    const ids = await Promise.all(good);
    const durable = new Set([...catalogue.queues, ...Object.values(streams)]);
    const expected = odd.filter(({ routingKey }) => durable.has(routingKey)).map(({ marker }) => marker);
    const within = { timeoutSeconds: count / 20 + 120 };
    await eventually(async () => (await lettersWith()).size >= expected.length, { what: 'all are parked', ...within });
    expect([...(await lettersWith())].sort()).toEqual([...expected].sort());
    await eventually(async () => (await unended(ids)).length === 0, { what: 'the good ones are done', ...within });
    for (const id of ids)
      expect((await platform.request('GET', `/v1/tasks/${id}`)).body).toMatchObject({ state: 'succeeded', attempt: 1 });
    await eventually(async () => (await management.queuesWithMessages()).length === 0, {
      what: 'empty queues',
      ...within,
    });
    for (const name of serviceNames) {
      const service = platform.running.services[name];
      expect((await fetch(`${service.operationsUrl}/health/ready`)).status).toBe(200);
      expect(service.output()).not.toMatch(
        /could not be moved on|could not be parked|stays unacked|could not be settled/,
      );
    }
  });

  async function acceptMail(n: number): Promise<string> {
    const payload = { to: `good-${n}@example.com`, subject: 'Good', content: 'Hello.' };
    const answer = await platform.request('POST', '/v1/tasks', { task: 'email.send', payload });
    expect(answer.status).toBe(202);
    return answer.body.id as string;
  }

  async function unended(ids: readonly string[]): Promise<unknown[]> {
    return platform.database.query(
      `SELECT id, state FROM tasks.task WHERE id = ANY($1::uuid[]) AND finished_at IS NULL`,
      [ids],
    );
  }
});
