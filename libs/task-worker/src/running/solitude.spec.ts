import { eventually } from '@mentorhub/testing';
import { Solitude, type Leave } from './solitude.js';

const long = 3_600;

describe('Solitude', () => {
  let solitude: Solitude;
  let log: string[];
  let places: { [name: string]: Leave };

  beforeEach(() => {
    solitude = new Solitude(long);
    log = [];
    places = {};
  });

  afterEach(() => solitude.stop());

  const settle = () => new Promise(setImmediate);

  /** Asks for a place and notes what came of it. */
  function ask(name: string, kind: 'shared' | 'alone', seconds = long): void {
    void solitude[kind](seconds).then((leave) => {
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
    ask('alone', 'alone');
    ask('later', 'shared');
    ask('alone2', 'alone');
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
    ask('alone', 'alone');
    await settle();
    expect(log).toEqual(['+a', '+b']);
  });

  it('sends away who wants to be alone when somebody inside takes longer than it may', async () => {
    ask('stuck', 'shared', 0.05);
    ask('slow', 'shared');
    await settle();
    ask('alone', 'alone');
    ask('later', 'shared');
    await eventually(() => log.includes('-alone'));
    await settle();
    expect(log.slice(2)).toEqual(['-alone', '+later']);
    ask('again', 'alone');
    await settle();
    expect(log.slice(4)).toEqual(['-again']);
  });

  it('lets others run beside one that was alone for too long, and nobody be alone', async () => {
    ask('stuck', 'alone', 0.05);
    ask('beside', 'shared');
    ask('alone', 'alone');
    await eventually(() => log.length === 3);
    expect(log).toEqual(['+stuck', expect.stringMatching(/^(\+beside|-alone)$/), expect.any(String)]);
    expect([...log].sort()).toEqual(['+beside', '+stuck', '-alone']);
  });

  it('sends away after a while who waits behind another that is alone, so that the others get their turn', async () => {
    solitude = new Solitude(0.05);
    ask('first', 'alone');
    ask('second', 'alone');
    ask('beside', 'shared');
    ask('third', 'alone');
    await eventually(() => log.length === 3);
    expect(log).toEqual(['+first', '-second', '-third']);
    places['first']!();
    await settle();
    expect(log.slice(3)).toEqual(['+beside']);
  });

  it('sends away who waits, and who comes, once it is stopped', async () => {
    ask('alone', 'alone');
    ask('alone2', 'alone');
    ask('beside', 'shared');
    await settle();
    solitude.stop();
    await settle();
    ask('late', 'shared');
    await settle();
    expect(log).toEqual(['+alone', '-alone2', '-beside', '-late']);
  });
});
