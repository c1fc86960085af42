import { processOf, ticksOfTree } from './servers.mjs';

describe('The processor time of a server', () => {
  it('is that of all its processes, also of those that have ended', () => {
    const line = (name, parent, times) => `7 (${name}) S ${parent} 1 1 0 -1 4194560 1 0 0 0 ${times} 20 0 1 0 100`;
    const all = [
      processOf(10, line('postgres', 1, '1 2 30 40')),
      processOf(11, line('postgres: a) S 99 (b', 10, '5 6 0 0')),
      processOf(12, line('deeper', 11, '100 0 0 0')),
      processOf(13, line('another', 1, '1000 0 0 0')),
    ];
    expect(all[1]).toEqual({ pid: 11, parent: 10, ticks: 11 });
    expect(ticksOfTree(all, 10)).toBe(1 + 2 + 30 + 40 + 5 + 6 + 100);
    expect(ticksOfTree(all, 99)).toBe(0);
  });
});
