import { jest } from '@jest/globals';
import { createLogger } from '@mentorhub/service';
import type { Job } from '../job/job.js';
import { ProgressReports } from './progress-reports.js';

const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false });
const jobOf = (id: string) => ({ id, run: 1, attempt: 1 }) as Job;

describe('Reports of progress', () => {
  /** Writes that end when the test says so, with the ids of rows that somebody holds. */
  function reporting() {
    const writes: { readonly progress: unknown[]; readonly end: (held: readonly string[]) => void }[] = [];
    const setProgress = (reports: readonly { readonly progress: unknown }[]) =>
      new Promise<readonly string[]>((end) => {
        writes.push({ progress: reports.map(({ progress }) => progress), end });
      });
    return { writes, reports: new ProgressReports({ history: { setProgress } }, logger) };
  }

  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());

  const pass = async (seconds: number) => {
    jest.advanceTimersByTime(seconds * 1000);
    await new Promise(setImmediate);
  };

  it('are written one after the other, the latest of each task', async () => {
    const { writes, reports } = reporting();
    reports.report(jobOf('a'), 1);
    await pass(0.5);
    expect(writes).toHaveLength(1);
    const second = jobOf('b');
    reports.report(second, 1);
    reports.report(second, 2);
    await pass(60);
    expect(writes).toHaveLength(1);
    writes[0]?.end([]);
    await pass(0);
    await pass(0.5);
    expect(writes[1]?.progress).toEqual([2]);
    writes[1]?.end([]);
    await reports.drain();
  });

  it('are written again when somebody held the row, unless there is a later one', async () => {
    const { writes, reports } = reporting();
    const [first, second] = [jobOf('a'), jobOf('b')];
    reports.report(first, 1);
    reports.report(second, 1);
    await pass(0.5);
    reports.report(second, 2);
    writes[0]?.end(['a', 'b']);
    await pass(0);
    await pass(0.5);
    expect(new Set(writes[1]?.progress)).toEqual(new Set([1, 2]));
    writes[1]?.end([]);
    await reports.drain();
    expect(writes).toHaveLength(2);
  });
});
