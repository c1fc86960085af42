import { createLogger } from '@mentorhub/service';
import type { Outcome } from '../outcome/outcome.js';
import type { Job } from '../job/job.js';
import { log } from './log.js';

const contract = { kind: 'task', effects: 'database', name: 'ledger.record' };
const job = { id: 'one', run: 2, attempt: 3, contract, delivery: { queue: 'work' } } as unknown as Job;

describe('The last line about a task', () => {
  it('B20: says of one that was parked as poison that its worker died, and which it was', async () => {
    const lines: unknown[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line));
    const logger = createLogger('test', { LOG_LEVEL: 'info', LOG_PRETTY: false }, { write });
    const error = { name: 'PoisonError', message: 'Its worker died each time.' };
    const poisoned = { kind: 'failed', reason: 'poison', event: { error } } as Outcome;
    expect(await log(logger)(job, () => Promise.resolve(poisoned))).toBe(poisoned);
    const about = { task_id: 'one', run: 2, attempt: 3, task: 'ledger.record', queue: 'work' };
    expect(lines).toEqual([expect.objectContaining({ ...about, level: 'error', reason: 'poison', error })]);
  });
});
