import { at, slotted } from '../../../test/timings.js';
import { dueSlots, type MisfirePolicy, type Slotted } from './due-slots.js';
import { firingOf, jitterMs } from './jitter.js';

const stored = at('2026-11-22T03:00:00Z');
const daily = slotted();
const minutely = (more: Partial<Slotted> = {}) => slotted({ cron: '* * * * *', ...more });
const days = (...all: number[]) => all.map((day) => at(`2026-11-${day}T03:00:00Z`));
const afterDowntime = at('2026-11-25T12:00:00Z');

describe('a schedule whose slot has come', () => {
  it('fires that slot and waits for the next one', () => {
    const expected = { fire: [stored], late: 0, missed: 0, next: at('2026-11-23T03:00:00Z') };
    expect(dueSlots(daily, stored, stored)).toEqual(expected);
    expect(dueSlots(daily, stored, at('2026-11-22T03:00:00.004Z'))).toEqual(expected);
  });

  it('fires a slot that somebody chose by hand although the rule would not', () => {
    const chosen = at('2026-11-22T17:45:12Z');
    const due = dueSlots(daily, chosen, at('2026-11-22T17:45:13Z'));
    expect(due).toEqual({ fire: [chosen], late: 0, missed: 0, next: at('2026-11-23T03:00:00Z') });
  });

  it('fires once and has nothing more to wait for when it was for one instant', () => {
    const once = slotted({ at: stored });
    expect(dueSlots(once, stored, stored)).toEqual({ fire: [stored], late: 0, missed: 0, next: null });
  });

  it.each(['skip', 'fire-once', 'fire-all'] as MisfirePolicy[])(
    'E41: fires a slot that is up to 60 s late, since that is no misfire, with the policy %s',
    (misfire) => {
      expect(dueSlots(slotted({ misfire }), stored, at('2026-11-22T03:01:00.000Z'))).toMatchObject({
        fire: [stored],
        missed: 0,
      });
    },
  );

  it.each<[MisfirePolicy, Date[], number]>([
    ['skip', [], 4],
    ['fire-once', days(25), 3],
    ['fire-all', days(22, 23, 24, 25), 0],
  ])('E41: after three days of downtime with the policy %s fires %p and misses %i', (misfire, fire, missed) => {
    const due = dueSlots(slotted({ misfire }), stored, afterDowntime);
    expect(due).toEqual({ fire, late: fire.length, missed, next: at('2026-11-26T03:00:00Z') });
  });

  it('E41: makes up for no more than the cap, the latest ones', () => {
    const due = dueSlots(slotted({ misfire: 'fire-all', misfireCap: 2 }), stored, afterDowntime);
    expect(due).toMatchObject({ fire: days(24, 25), missed: 2 });
  });

  it.each<[MisfirePolicy, string[]]>([
    ['skip', ['10:05']],
    ['fire-once', ['10:04', '10:05']],
    ['fire-all', ['10:02', '10:03', '10:04', '10:05']],
  ])('E41: fires the slot that is still in time besides what %s makes of those before', (misfire, times) => {
    const due = dueSlots(minutely({ misfire }), at('2026-11-22T10:02:00Z'), at('2026-11-22T10:05:30Z'));
    expect(due.fire).toEqual(times.map((time) => at(`2026-11-22T${time}:00Z`)));
    expect(due.next).toEqual(at('2026-11-22T10:06:00Z'));
  });

  it('counts missed slots up to a hundred, so that a long downtime costs no time', () => {
    const due = dueSlots(minutely({ misfire: 'skip' }), at('2026-01-01T00:00:00Z'), at('2026-11-22T10:00:30Z'));
    expect(due).toEqual({ fire: [at('2026-11-22T10:00:00Z')], late: 0, missed: 100, next: at('2026-11-22T10:01:00Z') });
  });
});

describe('jitter', () => {
  const jittered = minutely({ jitter: 600, misfire: 'skip' });
  const slots = Array.from({ length: 500 }, (_, minute) => new Date(stored.getTime() + minute * 60_000));
  const delays = slots.map((slot) => jitterMs(jittered.id, slot, 600));

  it('is the same whoever asks, and spread over the whole range', () => {
    expect(slots.map((slot) => jitterMs(jittered.id, slot, 600))).toEqual(delays);
    for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(0);
    for (const delay of delays) expect(delay).toBeLessThan(600_000);
    const mean = delays.reduce((sum, delay) => sum + delay) / delays.length;
    expect(mean).toBeGreaterThan(240_000);
    expect(mean).toBeLessThan(360_000);
    expect(jitterMs('another', stored, 600)).not.toBe(delays[0]);
  });

  it('puts a slot off, and makes no misfire of it', () => {
    const due = firingOf(jittered.id, stored, 600);
    expect(dueSlots(jittered, stored, new Date(due.getTime() - 1)).fire).toEqual([]);
    expect(dueSlots(jittered, stored, due).fire[0]).toEqual(stored);
    expect(dueSlots(jittered, stored, new Date(stored.getTime() + 659_000)).missed).toBe(0);
    expect(dueSlots(jittered, stored, new Date(stored.getTime() + 661_000)).missed).toBe(1);
  });

  it('neither loses nor doubles a slot, however the passes fall', () => {
    const fired: Date[] = [];
    let waiting: Date | null = stored;
    for (let ms = 0; waiting && ms <= 200 * 60_000; ms += 7_000) {
      const due = dueSlots(jittered, waiting, new Date(stored.getTime() + ms));
      fired.push(...due.fire);
      waiting = due.next;
    }
    expect(fired.length).toBeGreaterThan(185);
    expect(fired).toEqual(slots.slice(0, fired.length));
  });
});
