import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCell } from './run-cell.mjs';

/** The cells of the workspace's own packages; peers are installed by `npm run bench` alone. */
describe('A cell', () => {
  const settings = { seconds: 0.1, most: 60, probe: 20 };
  let directory;

  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'bench-'))));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const measure = (system, caseName) => {
    const servers = {
      amqpUrl: process.env.TEST_AMQP_URL,
      managementUrl: process.env.TEST_RABBITMQ_MANAGEMENT_URL,
      databaseUrl: process.env.TEST_DATABASE_URL,
      processes: { jest: process.pid },
    };
    return runCell({ system, caseName, settings, servers, directory, owner: directory, longestSeconds: 240 });
  };
  /** What one that could not be measured had to say. */
  const lastWords = (system, caseName) =>
    readFileSync(join(directory, `${system}.${caseName}.log`), 'utf8').slice(-4_000);

  it.each([
    ['mentorhub', 'process'],
    ['mentorhub', 'process-tracked'],
    ['amqplib', 'process'],
  ])('of %s measures %s', async (system, caseName) => {
    const result = await measure(system, caseName);
    if (result.failed) throw new Error(`${result.failed}\n${lastWords(system, caseName)}`);
    expect(result).toEqual({
      value: expect.any(Number),
      details: {
        tasks: expect.any(Number),
        cpuMicroseconds: expect.any(Number),
        jestMicroseconds: expect.any(Number),
        walBytes: expect.any(Number),
      },
    });
    expect(result.value).toBeGreaterThan(0);
  });

  it('that cannot be measured says why and ends', async () => {
    expect(await measure('mentorhub', 'no-such-case')).toEqual({ failed: expect.stringContaining('not a function') });
  });
});
