import type { MessagePublisher } from '@mentorhub/messaging';
import { eventually } from '@mentorhub/testing';
import type { Outbox, OutboxItem } from './outbox.js';
import { Relay } from './relay.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
const publisher = { ready: true, publish: () => Promise.resolve() } as unknown as MessagePublisher;

/** An outbox that gives one row in each claim, and notes how long rows had to be due to be claimed. */
function endlessOutbox(onClaim: () => void) {
  const overdue: number[] = [];
  const outbox = {
    claim: (_limit: number, overdueSeconds: number) => {
      overdue.push(overdueSeconds);
      onClaim();
      return Promise.resolve([{ id: String(overdue.length), dueAt: new Date() } as OutboxItem]);
    },
    confirm: () => Promise.resolve(),
    secondsToNext: () => Promise.resolve(0),
  } as unknown as Outbox;
  return { outbox, overdue };
}

const block = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

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
