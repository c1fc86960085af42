import { at, slotted } from '../../../test/timings.js';
import { firingsFrom } from './firings.js';
import { firingOf } from './jitter.js';
import { calendarOf } from './timing.js';

const forEver = at('9999-12-31T23:59:59Z');
const waitsFor = (schedule: ReturnType<typeof slotted>, nextSlot: Date | null) => ({ ...schedule, nextSlot });
const minute = 60_000;

describe('The firings from an instant on', () => {
  const hourly = slotted({ cron: '0 * * * *', jitter: 3600 });
  const slot = at('2026-11-22T12:00:00Z');
  const firing = firingOf(hourly.id, slot, hourly.jitter);

  it('are the slots without jitter, that of the instant included', () => {
    const plain = slotted({ cron: '0 * * * *' });
    expect(firingsFrom(calendarOf(plain), waitsFor(plain, null), slot, forEver, 2)).toEqual([
      slot,
      at('2026-11-22T13:00:00Z'),
    ]);
  });

  it('include one whose slot was before and whose jitter puts it after', () => {
    const between = new Date((slot.getTime() + firing.getTime()) / 2);
    expect(firingsFrom(calendarOf(hourly), waitsFor(hourly, slot), between, forEver, 1)).toEqual([firing]);
    expect(
      firingsFrom(calendarOf(hourly), waitsFor(hourly, slot), new Date(firing.getTime() + 1), forEver, 1),
    ).not.toEqual([firing]);
    // A schedule that waits for a later slot, or for none, does not fire that one any more.
    for (const next of [at('2026-11-22T13:00:00Z'), null])
      expect(firingsFrom(calendarOf(hourly), waitsFor(hourly, next), between, forEver, 1)).not.toEqual([firing]);
  });

  it('are in the order of the slots, none before one that it has to wait for', () => {
    const minutely = slotted({ cron: '* * * * *', jitter: 3600 });
    const firings = firingsFrom(
      calendarOf(minutely),
      waitsFor(minutely, at('2026-11-22T11:00:00Z')),
      slot,
      forEver,
      200,
    );
    const own = Array.from({ length: 260 }, (_, n) =>
      firingOf(minutely.id, new Date(slot.getTime() + (n - 60) * minute), minutely.jitter).getTime(),
    );
    const inOrder = own.map((_, n) => Math.max(...own.slice(0, n + 1))).filter((time) => time >= slot.getTime());
    expect(firings.map((time) => time.getTime())).toEqual(inOrder.slice(0, 200));
  });

  it('end with their calendar', () => {
    const once = slotted({ at: slot });
    expect(firingsFrom(calendarOf(once), waitsFor(once, slot), slot, forEver, 5)).toEqual([slot]);
    expect(
      firingsFrom(
        calendarOf(hourly),
        waitsFor(hourly, at('2026-11-22T11:00:00Z')),
        slot,
        at('2026-11-22T11:59:59Z'),
        5,
      ),
    ).toHaveLength(firingOf(hourly.id, at('2026-11-22T11:00:00Z'), 3600) >= slot ? 1 : 0);
  });
});
