import { writeOrBisect } from './write-or-bisect.js';

class Refusal extends Error {
  readonly code = '22021';
}

/** A table that takes no negative numbers, all or nothing. */
function table() {
  const written: number[] = [];
  const write = async (items: readonly number[]) => {
    if (items.some((item) => item < 0)) throw new Refusal('negative');
    written.push(...items);
  };
  return { written, write };
}

describe('writing a batch that may hold culprits', () => {
  it('writes everything at once when nothing is refused', async () => {
    const { written, write } = table();
    await expect(writeOrBisect([1, 2, 3], write)).resolves.toEqual([]);
    expect(written).toEqual([1, 2, 3]);
  });

  it.each([[[-1]], [[-1, 2]], [[1, -2]], [[1, 2, -3, 4, 5, -6, 7]], [[-1, -2, -3]], [[]]])(
    'writes all of %j but the culprits, in order',
    async (items: number[]) => {
      const { written, write } = table();
      const refused = await writeOrBisect(items, write);
      expect(written).toEqual(items.filter((item) => item >= 0));
      expect(refused.map(({ item }) => item)).toEqual(items.filter((item) => item < 0));
    },
  );

  it('finds one culprit of a thousand in some twenty writes', async () => {
    const { write } = table();
    let writes = 0;
    const items = Array.from({ length: 1000 }, (_, n) => (n === 617 ? -1 : n));
    await writeOrBisect(items, (part) => write(part).finally(() => writes++));
    expect(writes).toBeLessThan(25);
  });

  it('blames no item when the database is away', async () => {
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    await expect(writeOrBisect([1, 2], () => Promise.reject(away))).rejects.toBe(away);
  });

  it('tells apart what waits for a lock, and writes the others', async () => {
    const { written, write } = table();
    const held = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
    const unwritten = await writeOrBisect([1, -2, 3, 4], (part) =>
      part.includes(3) ? Promise.reject(held) : write(part),
    );
    expect(written).toEqual([1, 4]);
    expect(unwritten.map(({ item, locked }) => [item, locked])).toEqual([
      [-2, false],
      [3, true],
    ]);
  });

  it('leaves for later what meets a lock after fifty of them, and never waits for each of a thousand', async () => {
    const held = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
    const items = Array.from({ length: 1000 }, (_, n) => n);
    let writes = 0;
    const unwritten = await writeOrBisect(items, () => {
      writes += 1;
      return Promise.reject(held);
    });
    expect(unwritten.map(({ item }) => item)).toEqual(items);
    expect(unwritten.every(({ locked }) => locked)).toBe(true);
    expect(writes).toBeLessThan(75);
  });
});
