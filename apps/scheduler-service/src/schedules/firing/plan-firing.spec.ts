import type { ClaimedSchedule } from './due-schedules.js';
import { planFiring, stepAfter } from './plan-firing.js';

describe('A schedule that makes up for much', () => {
  const now = new Date('2030-01-01T01:00:00Z');
  const schedule = (payload: object) =>
    ({
      id: '8f14e45f-ceea-467f-9b36-3ad5e0c5b0a1',
      name: 'often',
      task: 'email.send',
      payload,
      every: 1,
      anchor: new Date('2030-01-01T00:00:00Z'),
      cron: null,
      at: null,
      timezone: 'UTC',
      startsAt: new Date('2030-01-01T00:00:00Z'),
      endsAt: null,
      jitter: 0,
      misfire: 'fire-all',
      misfireCap: 1_000,
      overlap: 'allow',
      nextSlot: new Date('2030-01-01T00:00:00Z'),
      now,
    }) as unknown as ClaimedSchedule;
  const mail = (text: string) => ({ to: 'a@example.com', subject: 'hello', content: text });

  it('does so in portions, none of them lost and none twice', () => {
    let current = schedule(mail('short'));
    const slots: number[] = [];
    for (let portions = 0; ; portions += 1) {
      const plan = planFiring(current, false);
      expect(plan.fault).toBeUndefined();
      expect(plan.firings.length).toBeLessThanOrEqual(500);
      slots.push(...plan.firings.map(({ slot }) => slot.getTime()));
      const { nextSlot } = stepAfter(plan);
      if (!nextSlot || nextSlot > now) {
        expect(portions).toBeGreaterThan(1);
        break;
      }
      current = { ...current, nextSlot };
    }
    // The last thousand of those that are late, and those of the last minute.
    expect(slots).toHaveLength(1_061);
    expect(new Set(slots).size).toBe(1_061);
    expect(slots).toEqual(slots.toSorted((one, other) => one - other));
  });

  it('makes few at once that are large', () => {
    const { firings } = planFiring(schedule(mail('x'.repeat(100_000))), false);
    expect(firings.length).toBeGreaterThan(30);
    expect(firings.length).toBeLessThan(43);
  });
});
