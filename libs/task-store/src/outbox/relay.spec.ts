import { jest } from '@jest/globals';
import type { MessagePublisher } from '@mentorhub/messaging';
import { eventually } from '@mentorhub/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Outbox, OutboxItem } from './outbox.js';
import { Relay } from './relay.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
const publisher = {
  ready: true,
  hasRoom: true,
  crowded: false,
  publish: () => Promise.resolve(),
} as unknown as MessagePublisher;

/** An outbox that gives one row in each claim, and notes how long rows had to be due to be claimed. */
function endlessOutbox(onClaim: () => void) {
  const overdue: number[] = [];
  const outbox = {
    claim: (_limit: number, overdueSeconds: number) => {
      overdue.push(overdueSeconds);
      onClaim();
      return Promise.resolve([{ id: String(overdue.length), dueAt: new Date() } as OutboxItem]);
    },
    confirm: () => Promise.resolve([]),
    secondsToNext: () => Promise.resolve(0),
  } as unknown as Outbox;
  return { outbox, overdue };
}

/** An outbox with a row that is due and that somebody has locked, until `free`. */
function lockedOutbox() {
  const looks: number[] = [];
  let locked = true;
  const outbox = {
    claim: () => {
      looks.push(performance.now());
      return Promise.resolve(locked ? [] : [{ id: 'row', dueAt: new Date() } as OutboxItem]);
    },
    confirm: () => Promise.resolve([]),
    secondsToNext: () => Promise.resolve(locked ? -1 : undefined),
  } as unknown as Outbox;
  return { outbox, looks, free: () => (locked = false) };
}

const block = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

describe('A relay', () => {
  it.each([
    ['always has rows to publish', publisher],
    ['has no room for more', { ...publisher, hasRoom: false }],
  ])('asks for the time of the database every second, also when it %s', async (_, busy) => {
    const { now } = performance;
    let seconds = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + seconds * 1000);
    const { outbox } = endlessOutbox(() => undefined);
    const asked: number[] = [];
    const learn = () => {
      asked.push(seconds);
      return Promise.resolve();
    };
    const relay = new Relay({ outboxes: [outbox], publisher: busy, logger: silent, clock: { learn } });
    const since = now.call(performance);
    relay.start();
    for (seconds = 0; seconds < 3; seconds += 1) await eventually(() => asked.includes(seconds));
    await relay.stop();
    clock.mockRestore();
    // Those three, and one for each second that the test has really taken.
    expect(asked.length).toBeLessThanOrEqual(4 + (now.call(performance) - since) / 1000);
  });
});

describe('A relay that is not told the time', () => {
  it.each([
    ['since it must wait for it', () => new Promise<void>(() => undefined)],
    ['since PostgreSQL does not answer', () => Promise.reject(new Error('away'))],
  ])('publishes all the same, %s', async (_, learn) => {
    const { outbox, overdue } = endlessOutbox(() => undefined);
    const relay = new Relay({ outboxes: [outbox], publisher, logger: silent, clock: { learn } });
    relay.start();
    await eventually(() => overdue.length > 3);
    void relay.stop();
  });
});

describe('A relay in a process that lags', () => {
  it('leaves rows to others for as long as they would wait here, and takes them at once when it has time again', async () => {
    let blocking = true;
    // The relay sleeps 15 ms between two claims; the rest of the process takes its time meanwhile.
    const { outbox, overdue } = endlessOutbox(() => void (blocking && setTimeout(() => block(100), 1)));
    const relay = new Relay({ outboxes: [outbox], publisher, logger: silent });
    relay.start();
    await eventually(() => overdue.length > 3);
    expect(overdue[0]).toBe(0);
    for (const seconds of overdue.slice(1, 4)) {
      expect(seconds).toBeGreaterThan(0.05);
      expect(seconds).toBeLessThanOrEqual(0.25);
    }
    blocking = false;
    await eventually(() => overdue.at(-1) === 0);
    await relay.stop();
  });
});

describe('A relay that always finds full batches, in a process that lags', () => {
  it('takes rows at once when the process has time again, though it never sleeps', async () => {
    let blocking = true;
    const overdue: number[] = [];
    const outbox = {
      claim: async (_limit: number, overdueSeconds: number) => {
        overdue.push(overdueSeconds);
        if (blocking) block(60);
        await nextTurn();
        return [{ id: String(overdue.length), dueAt: new Date() } as OutboxItem];
      },
      confirm: () => Promise.resolve([]),
    } as unknown as Outbox;
    const relay = new Relay({ outboxes: [outbox], publisher, logger: silent, batchSize: 1 });
    relay.start();
    await eventually(() => overdue.at(-1)! > 0.03);
    blocking = false;
    await eventually(() => overdue.at(-1) === 0);
    await relay.stop();
  });
});

describe('A relay whose publisher has no room in its line', () => {
  it('leases nothing until there is some', async () => {
    let looks = 0;
    const outbox = {
      claim: () => Promise.resolve((looks += 1)).then(() => []),
      secondsToNext: () => Promise.resolve(undefined),
    } as unknown as Outbox;
    let asked = 0;
    let hasRoom = false;
    const full = {
      ready: true,
      get hasRoom() {
        asked += 1;
        return hasRoom;
      },
    } as unknown as MessagePublisher;
    const relay = new Relay({ outboxes: [outbox], publisher: full, logger: silent });
    relay.start();
    await eventually(() => asked >= 2);
    expect(looks).toBe(0);
    hasRoom = true;
    await eventually(() => looks > 0);
    await relay.stop();
  });
});

describe('A relay with rows that are never confirmed', () => {
  it('publishes the others all the same', async () => {
    let claims = 0;
    const published: string[] = [];
    const outbox = {
      claim: async () => {
        await nextTurn();
        claims += 1;
        const row = (id: string) =>
          ({ id, run: 1, attempt: 1, dueAt: new Date(), message: id }) as unknown as OutboxItem;
        return claims > 50 ? [] : [row(`dead ${claims}`), row(`live ${claims}`)];
      },
      confirm: () => Promise.resolve([]),
      release: () => Promise.resolve(),
      secondsToNext: () => Promise.resolve(claims > 50 ? undefined : 0),
    } as unknown as Outbox;
    const never = Promise.withResolvers<void>();
    const publish = (id: unknown) => {
      if (String(id).startsWith('dead')) return never.promise;
      return new Promise<void>((confirm) => {
        setTimeout(() => {
          published.push(String(id));
          confirm();
        }, 5);
      });
    };
    const partly = { ready: true, hasRoom: true, crowded: false, publish } as unknown as MessagePublisher;
    const relay = new Relay({ outboxes: [outbox], publisher: partly, logger: silent, batchSize: 2 });
    relay.start();
    // As many as make up eight full batches may be under way.
    await eventually(() => published.length >= 15, { what: 'more than eight batches hold beside the dead' });
    never.resolve();
    await eventually(() => published.length === 50);
    await relay.stop();
  });
});

describe('A relay and what it has published', () => {
  const item = { id: 'row', run: 1, attempt: 1, dueAt: new Date() } as OutboxItem;

  /** An outbox whose marks are answered by the test. */
  function marking(answers: (() => Promise<string[]>)[]) {
    const marks: string[][] = [];
    const released: unknown[] = [];
    const outbox = {
      claim: () => Promise.resolve([]),
      secondsToNext: () => Promise.resolve(undefined),
      confirm: (items: OutboxItem[]) => {
        marks.push(items.map(({ id }) => id));
        return answers[marks.length - 1]?.() ?? Promise.resolve([]);
      },
      release: (failed: unknown[]) => Promise.resolve(void released.push(failed.length)),
    } as unknown as Outbox;
    return { outbox, marks, released };
  }

  it.each([
    ['somebody held it', () => Promise.resolve(['row'])],
    ['PostgreSQL failed', () => Promise.reject(new Error('deadlock detected'))],
  ])('marks a row later when %s', async (_why, first) => {
    const { outbox, marks } = marking([first]);
    const relay = new Relay({ outboxes: [outbox], publisher, logger: silent });
    relay.publishWritten(outbox, [item, { ...item, id: 'other' }]);
    await eventually(() => marks.length === 2);
    expect(marks[0]).toEqual(['row', 'other']);
    expect(marks[1]?.[0]).toBe('row');
    await relay.stop();
  });

  it('does not publish beside itself what it is publishing', async () => {
    const { outbox } = marking([]);
    let published = 0;
    const confirmed = Promise.withResolvers<void>();
    const slow = { ready: true, hasRoom: true, crowded: false, publish: () => ((published += 1), confirmed.promise) };
    const relay = new Relay({ outboxes: [outbox], publisher: slow, logger: silent });
    relay.publishWritten(outbox, [item]);
    relay.publishWritten(outbox, [item]);
    relay.publishWritten(outbox, [{ ...item, attempt: 2 }]);
    expect(published).toBe(2);
    confirmed.resolve();
    await relay.stop();
  });

  it('gives back, with the lease that it has by then, what it had leased again meanwhile', async () => {
    const given: number[] = [];
    const { outbox } = marking([]);
    outbox.release = (failed) =>
      Promise.resolve(void given.push(...failed.map(({ item: { publishAttempts } }) => publishAttempts)));
    const lost = Promise.withResolvers<void>();
    const slow = { ready: true, hasRoom: true, crowded: false, publish: () => lost.promise };
    const relay = new Relay({ outboxes: [outbox], publisher: slow, logger: silent });
    relay.publishWritten(outbox, [{ ...item, publishAttempts: 1 }]);
    relay.publishWritten(outbox, [{ ...item, publishAttempts: 2 }]);
    lost.reject(new Error('lost'));
    await eventually(() => given.length > 0);
    await relay.stop();
    expect(given).toEqual([2]);
  });

  it('gives back together what failed together, of many transactions', async () => {
    const { outbox, released } = marking([]);
    const failing = { ready: true, hasRoom: true, crowded: false, publish: () => Promise.reject(new Error('lost')) };
    const relay = new Relay({ outboxes: [outbox], publisher: failing, logger: silent });
    for (let n = 0; n < 100; n += 1) relay.publishWritten(outbox, [{ ...item, id: String(n) }]);
    await eventually(() => released.length > 0);
    await relay.stop();
    expect(released).toEqual([100]);
  });
});

describe('A relay with a due row that somebody has locked', () => {
  it('looks ever less often, up to four times a second, and takes the row once it is free', async () => {
    const { outbox, looks, free } = lockedOutbox();
    const relay = new Relay({ outboxes: [outbox], publisher, logger: silent });
    relay.start();
    await eventually(() => looks.length >= 9);
    const pauses = looks.slice(1).map((look, n) => look - looks[n]!);
    // A machine that stalls makes pauses longer, never shorter; Node's timers may ring a millisecond early.
    [5, 10, 20, 40, 80, 160, 250, 250].forEach((pause, n) => expect(pauses[n]).toBeGreaterThanOrEqual(pause - 1));
    free();
    const before = looks.length;
    await eventually(() => looks.length > before + 3);
    await relay.stop();
  });
});

describe('A relay with nothing to do', () => {
  it('C27: looks when a row falls due that its process inserted, and not only once a second', async () => {
    const happened: string[] = [];
    const outbox = {
      claim: () => Promise.resolve(happened.push('look')).then(() => []),
      secondsToNext: () => Promise.resolve(undefined),
    } as unknown as Outbox;
    const relay = new Relay({ outboxes: [outbox], publisher, logger: silent });
    relay.start();
    await eventually(() => happened.length === 1);
    relay.wakeAt(0.05);
    // Timers ring in their order however late they are, so this one tells which of the two looks it was.
    setTimeout(() => happened.push('long before a second'), 500);
    await eventually(() => happened.includes('long before a second'));
    expect(happened).toEqual(['look', 'look', 'long before a second']);
    await relay.stop();
  });
});
