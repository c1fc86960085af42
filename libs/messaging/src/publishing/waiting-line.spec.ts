import { PendingPublish } from './pending-publish.js';
import { WaitingLine } from './waiting-line.js';

function pending(bytes: number): PendingPublish {
  const message = { exchange: 'tasks', routingKey: 'email', body: Buffer.alloc(bytes) };
  return new PendingPublish(
    message,
    { headers: {} },
    undefined,
    () => undefined,
    () => undefined,
  );
}

describe('the waiting line of a publisher', () => {
  it('is first in, first out, over thousands of messages', () => {
    const line = new WaitingLine(5_000, 1_000_000);
    const all = Array.from({ length: 5_000 }, () => pending(1));
    expect(all.every((one) => line.add(one))).toBe(true);
    expect(line.first).toBe(all[0]);
    expect(all.every((one) => line.shift() === one)).toBe(true);
    expect(line.isEmpty).toBe(true);
    expect(line.shift()).toBeUndefined();
  });

  it('keeps nothing that has left it, however many wait behind', () => {
    const line = new WaitingLine(10, 1_000);
    for (let n = 0; n < 3; n += 1) line.add(pending(1));
    const left = line.shift();
    expect((line as unknown as { items: unknown[] }).items).not.toContain(left);
    expect(line.first).toBeDefined();
  });

  it('takes no more than its count, until one leaves', () => {
    const line = new WaitingLine(2, 1_000);
    expect([line.add(pending(1)), line.add(pending(1)), line.add(pending(1))]).toEqual([true, true, false]);
    line.shift();
    expect(line.add(pending(1))).toBe(true);
  });

  it('is half empty with half of its count and of its bytes, not with more', () => {
    const line = new WaitingLine(4, 100);
    const halves = [1, 1, 1].map((bytes) => (line.add(pending(bytes)), line.isHalfEmpty));
    expect(halves).toEqual([true, true, false]);
    line.shift();
    expect(line.isHalfEmpty).toBe(true);
    line.add(pending(60));
    expect(line.isHalfEmpty).toBe(false);
  });

  it('takes no more than its bytes, until one leaves', () => {
    const line = new WaitingLine(10, 100);
    expect([line.add(pending(60)), line.add(pending(60)), line.add(pending(40))]).toEqual([true, false, true]);
    line.shift();
    expect(line.add(pending(60))).toBe(true);
  });
});
