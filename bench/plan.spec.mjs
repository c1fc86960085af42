import { planOf } from './plan.mjs';

const plan = (options) => planOf({ quick: false, cases: [], systems: [], rounds: undefined, ...options });
const names = (cells) => cells.map(({ round, caseName, system }) => `${round} ${caseName} ${system}`);

describe('The plan of a run', () => {
  it('goes round after round and begins each with another system', () => {
    const cells = plan({ cases: ['enqueue-direct'], systems: ['mentorhub', 'bullmq'], rounds: 2 });
    expect(names(cells)).toEqual([
      '0 enqueue-direct mentorhub',
      '0 enqueue-direct bullmq',
      '1 enqueue-direct bullmq',
      '1 enqueue-direct mentorhub',
    ]);
  });

  it('has no cell of a system that does not support the case', () => {
    expect(names(plan({ cases: ['process-tracked'], systems: ['bullmq', 'pg-boss'], rounds: 1 }))).toEqual([
      '0 process-tracked pg-boss',
    ]);
  });

  it('measures first what a latency is a share of', () => {
    const cells = plan({ cases: ['latency-10'], systems: ['mentorhub'], rounds: 1 });
    expect(cells.map(({ caseName }) => caseName)).toEqual(['enqueue-direct', 'process', 'latency-10']);
  });

  it('when it is to be quick, measures again only quick cases of systems that a target is about', () => {
    const cases = ['enqueue-direct', 'memory-scheduled'];
    expect(names(plan({ quick: true, cases, systems: ['mentorhub', 'graphile-worker'] }))).toEqual([
      '0 enqueue-direct mentorhub',
      '0 enqueue-direct graphile-worker',
      '0 memory-scheduled mentorhub',
      '0 memory-scheduled graphile-worker',
      '1 enqueue-direct mentorhub',
    ]);
  });
});
