import type { Outcome } from '../outcome/outcome.js';
import type { Job } from '../job/job.js';
import { compose, isLight, isTask, only, type Middleware } from './middleware.js';

const job = (contract: object) => ({ contract }) as unknown as Job;
const light = { kind: 'task', effects: 'idempotent' };
const tracked = { kind: 'task', effects: 'database' };
const event = { kind: 'event' };

describe('The steps around a job', () => {
  let went: string[];
  let asked: number;

  const step =
    (name: string): Middleware =>
    (_job, next) => {
      went.push(name);
      return next();
    };
  const last = () => Promise.resolve({ kind: 'succeeded' } as Outcome);
  const steps = () => [
    step('all'),
    only(isTask, step('tasks')),
    only((contract) => ((asked += 1), isLight(contract)), step('light')),
  ];

  beforeEach(() => {
    went = [];
    asked = 0;
  });

  it.each([
    [light, ['all', 'tasks', 'light']],
    [tracked, ['all', 'tasks']],
    [event, ['all']],
  ])('of %j are, in their order, those that concern its contract', async (contract, expected) => {
    expect(await compose(steps(), last)(job(contract))).toEqual({ kind: 'succeeded' });
    expect(went).toEqual(expected);
  });

  it('are chosen once for a contract', async () => {
    const run = compose(steps(), last);
    for (let n = 0; n < 3; n += 1) for (const contract of [light, tracked]) await run(job(contract));
    expect(asked).toBe(2);
    expect(went.filter((name) => name === 'light')).toHaveLength(3);
  });
});
