import { eventually } from '@mentorhub/testing';
import { Platform, serviceNames } from '../test/platform.js';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly lines?: Record<string, number>;
}

describe('The logs of all four services', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await Platform.start();
  }, 600_000);

  afterAll(async () => {
    await platform?.stop();
  });

  const outputs = () => serviceNames.map((name) => platform.running.services[name].output());
  const linesIn = (output: string) =>
    output
      .split('\n')
      .filter((line) => /^\{.*\}$/.test(line))
      .map((line) => JSON.parse(line) as Line);
  const enqueue = (n: number) =>
    platform.request('POST', '/v1/tasks', {
      task: 'email.send',
      payload: { to: `u${n}@example.com`, subject: 'Hello', content: 'A line.' },
      countdown: n / 10,
    });
  const work = () => Promise.all(Array.from({ length: 40 }, (_, n) => enqueue(n).catch(() => undefined)));

  it.each([
    ['PostgreSQL', 20, 'databaseLine'],
    ['RabbitMQ', 2, 'brokerLine'],
  ] as const)(
    'D36: have a handful of lines and one stack for an outage of %s, with counts, and say when it is over',
    async (what, folded, line) => {
      await work();
      const before = outputs().map(({ length }) => length);
      const since = () => outputs().map((output, n) => linesIn(output.slice(before[n])));
      const all = (start: string, told = since) =>
        eventually(() => told().every((lines) => lines.some(({ msg }) => msg.startsWith(start))), {
          timeoutSeconds: 200,
          what: `all to say "${start}"`,
        });
      await platform[line].refuse();
      await work();
      await all(`Still without ${what} after 30 s.`);
      await platform[line].resume();
      await all(`${what}: back after `);
      for (const lines of since()) {
        // How busy the machine is shows in lines of their own.
        const troubled = lines.filter(
          ({ level, msg }) => (level === 'warn' || level === 'error') && !msg.startsWith('The event loop was blocked'),
        );
        const said = troubled.map(({ msg }) => msg);
        expect(said.filter((msg) => msg.startsWith('Still without')).length).toBeGreaterThanOrEqual(2);
        // One more where the other server's absence, or a late confirm, shows as well.
        expect(troubled.length > 6 ? troubled : []).toEqual([]);
        expect(troubled.filter((one) => JSON.stringify(one).includes('"stack"')).length).toBeLessThanOrEqual(2);
        const { lines: counted = {} } = lines.findLast(({ msg }) => msg.startsWith(`${what}: back`)) ?? {};
        expect(Object.values(counted).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(folded);
      }
    },
    600_000,
  );
});
