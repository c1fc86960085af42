import { SeededRandom } from './seeded-random.mjs';

const stream = (seed, name) => {
  const random = new SeededRandom(seed, name);
  return Array.from({ length: 1_000 }, () => random.next());
};

describe('A seeded random number', () => {
  it('follows from the seed and the name of its stream alone', () => {
    expect(stream(7, 'faults')).toEqual(stream(7, 'faults'));
    expect(stream(8, 'faults')).not.toEqual(stream(7, 'faults'));
    expect(stream(7, 'batches')).not.toEqual(stream(7, 'faults'));
  });

  it('lies evenly between 0 and 1', () => {
    const numbers = stream(7, 'faults');
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(numbers.filter((number) => number < 0.25).length / numbers.length).toBeCloseTo(0.25, 1);
  });

  it('makes UUIDs that differ', () => {
    const random = new SeededRandom(7, 'ids');
    const ids = Array.from({ length: 1_000 }, () => random.uuid());
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('chooses by weight, and shuffles without losing any', () => {
    const random = new SeededRandom(7, 'choices');
    const chosen = Array.from({ length: 1_000 }, () => random.weighted({ often: 9, seldom: 1, never: 0 }));
    expect(chosen.filter((one) => one === 'often').length / 1_000).toBeCloseTo(0.9, 1);
    expect(chosen).not.toContain('never');
    expect(random.shuffled([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});
