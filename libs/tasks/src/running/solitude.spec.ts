import { Solitude } from './solitude.js';

describe('Solitude', () => {
  /** Work that notes when it enters and ends when told. */
  function work(log: string[], name: string) {
    const end = Promise.withResolvers<void>();
    const run = async () => {
      log.push(`+${name}`);
      await end.promise;
      log.push(`-${name}`);
    };
    return { run, end: () => end.resolve() };
  }
  const settle = () => new Promise(setImmediate);

  it('lets work run side by side', async () => {
    const solitude = new Solitude();
    const log: string[] = [];
    const [a, b] = [work(log, 'a'), work(log, 'b')];
    const both = [solitude.shared(a.run), solitude.shared(b.run)];
    await settle();
    expect(log).toEqual(['+a', '+b']);
    a.end();
    b.end();
    await Promise.all(both);
  });

  it('waits for the others to end, and keeps out whoever comes later', async () => {
    const solitude = new Solitude();
    const log: string[] = [];
    const [a, alone, later, alone2] = ['a', 'alone', 'later', 'alone2'].map((name) => work(log, name));
    const all = [
      solitude.shared(a!.run),
      solitude.alone(alone!.run),
      solitude.shared(later!.run),
      solitude.alone(alone2!.run),
    ];
    await settle();
    expect(log).toEqual(['+a']);
    a!.end();
    await settle();
    expect(log).toEqual(['+a', '-a', '+alone']);
    alone!.end();
    await settle();
    expect(log.slice(3)).toEqual(['-alone', '+later']);
    later!.end();
    alone2!.end();
    await Promise.all(all);
    expect(log.slice(5)).toEqual(['-later', '+alone2', '-alone2']);
  });

  it('goes on after work that failed', async () => {
    const solitude = new Solitude();
    await expect(solitude.alone(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await solitude.shared(async () => 'yes')).toBe('yes');
  });
});
