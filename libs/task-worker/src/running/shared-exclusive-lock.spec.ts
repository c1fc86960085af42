import { eventually } from '@mentorhub/testing';
import { SharedExclusiveLock, type Leave } from './shared-exclusive-lock.js';

const long = 3_600;

describe('SharedExclusiveLock', () => {
  let lock: SharedExclusiveLock;
  let log: string[];
  let places: { [name: string]: Leave };

  beforeEach(() => {
    lock = new SharedExclusiveLock(long);
    log = [];
    places = {};
  });

  afterEach(() => lock.stop());

  const settle = () => new Promise(setImmediate);

  /** Asks for a place and notes what came of it. */
  function ask(name: string, kind: 'shared' | 'exclusive', seconds = long): void {
    void lock[kind](seconds).then((leave) => {
      if (leave) places[name] = leave;
      log.push(leave ? `+${name}` : `-${name}`);
    });
  }

  it('lets work run side by side', async () => {
    ask('a', 'shared');
    ask('b', 'shared');
    await settle();
    expect(log).toEqual(['+a', '+b']);
  });

  it('waits for the others to end, and keeps out whoever comes later', async () => {
    ask('a', 'shared');
    await settle();
    ask('alone', 'exclusive');
    ask('later', 'shared');
    ask('alone2', 'exclusive');
    await settle();
    expect(log).toEqual(['+a']);
    places['a']!();
    await settle();
    expect(log).toEqual(['+a', '+alone']);
    places['alone']!();
    await settle();
    expect(log.slice(2)).toEqual(['+later']);
    places['later']!();
    await settle();
    expect(log.slice(3)).toEqual(['+alone2']);
  });

  it('gives a place back once, however often that is said', async () => {
    ask('a', 'shared');
    ask('b', 'shared');
    await settle();
    places['a']!();
    places['a']!();
    ask('alone', 'exclusive');
    await settle();
    expect(log).toEqual(['+a', '+b']);
  });

  it('sends away who wants to be alone when somebody inside takes longer than it may', async () => {
    ask('stuck', 'shared', 0.05);
    ask('slow', 'shared');
    await settle();
    ask('alone', 'exclusive');
    ask('later', 'shared');
    await eventually(() => log.includes('-alone'));
    await settle();
    expect(log.slice(2)).toEqual(['-alone', '+later']);
    ask('again', 'exclusive');
    await settle();
    expect(log.slice(4)).toEqual(['-again']);
  });

  it('lets others run beside one that was alone for too long, and nobody be alone', async () => {
    ask('stuck', 'exclusive', 0.05);
    ask('beside', 'shared');
    ask('alone', 'exclusive');
    await eventually(() => log.length === 3);
    expect(log).toEqual(['+stuck', expect.stringMatching(/^(\+beside|-alone)$/), expect.any(String)]);
    expect([...log].sort()).toEqual(['+beside', '+stuck', '-alone']);
  });

  it('sends away after a while who waits behind another that is alone, so that the others get their turn', async () => {
    lock = new SharedExclusiveLock(0.05);
    ask('first', 'exclusive');
    ask('second', 'exclusive');
    ask('beside', 'shared');
    ask('third', 'exclusive');
    await eventually(() => log.length === 3);
    expect(log).toEqual(['+first', '-second', '-third']);
    places['first']!();
    await settle();
    expect(log.slice(3)).toEqual(['+beside']);
  });

  it('gives a place beside others at once, or none: not while one is alone or wants to be, nor once it is stopped', async () => {
    const leave = lock.sharedNow(long);
    expect(leave).toBeDefined();
    ask('alone', 'exclusive');
    await settle();
    expect([log, lock.sharedNow(long)]).toEqual([[], undefined]);
    leave!();
    await settle();
    expect([log, lock.sharedNow(long)]).toEqual([['+alone'], undefined]);
    places['alone']!();
    expect(lock.sharedNow(long)).toBeDefined();
    lock.stop();
    expect(lock.sharedNow(long)).toBeUndefined();
  });

  it('sends away who waits, and who comes, once it is stopped', async () => {
    ask('alone', 'exclusive');
    ask('alone2', 'exclusive');
    ask('beside', 'shared');
    await settle();
    lock.stop();
    await settle();
    ask('late', 'shared');
    await settle();
    expect(log).toEqual(['+alone', '-alone2', '-beside', '-late']);
  });
});
