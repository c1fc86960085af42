import { planBatches } from './plan-batches.mjs';

const options = { seed: 7, tasks: 5_000 };
const allOf = (batches) => batches.flatMap(({ tasks }) => tasks);

describe('The tasks of a run', () => {
  const batches = planBatches(options);
  const tasks = allOf(batches);

  it('are the same for the same seed, and others for another', () => {
    expect(planBatches(options)).toEqual(batches);
    expect(planBatches({ ...options, seed: 8 })).not.toEqual(batches);
  });

  it('are as many as were asked for, numbered one by one', () => {
    expect(tasks.map(({ n }) => n)).toEqual(Array.from({ length: 5_000 }, (_, n) => n));
    expect(allOf(planBatches({ seed: 7, tasks: 1 }))).toHaveLength(1);
  });

  it('are of every contract and every story', () => {
    const contracts = ['chaos.write', 'chaos.mail', 'chaos.mail-once', 'chaos.ping'];
    expect(new Set(tasks.map(({ contract }) => contract))).toEqual(new Set(contracts));
    const stories = ['quick', 'slow', 'delayed', 'revoked', 'expiring', 'poison'];
    const failing = ['fails-then-succeeds', 'fails-for-ever', 'fails-permanently'];
    expect(new Set(tasks.map(({ story }) => story))).toEqual(new Set([...stories, ...failing]));
    expect(tasks.filter(({ story }) => story === 'poison')).toHaveLength(1);
  });

  it('come without transaction only when they are light and due at once', () => {
    const direct = allOf(batches.filter(({ mode }) => mode === 'direct'));
    expect(direct.length).toBeGreaterThan(0);
    for (const { contract, id, expiresSeconds } of direct)
      expect({ contract, id, expiresSeconds }).toEqual({ contract: 'chaos.ping' });
  });
});
