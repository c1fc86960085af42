import { CronRuleError, dueSlot, nextSlot, type CronRule } from './cron-slots.js';

const at = (text: string) => new Date(text);
const dailyAtThree: CronRule = { cron: '0 3 * * *', timezone: 'UTC' };
const slotsFrom = (rule: CronRule, start: string, count: number): (string | undefined)[] => {
  const slots: (Date | null)[] = [at(start)];
  for (let n = 0; n < count; n++) slots.push(nextSlot(rule, slots[n] ?? at(start)));
  return slots.slice(1).map((slot) => slot?.toISOString());
};

describe('the next slot of a rule', () => {
  it('is today while 03:00 UTC is ahead, and tomorrow from 03:00:00 on', () => {
    expect(nextSlot(dailyAtThree, at('2026-11-22T02:59:59.999Z'))).toEqual(at('2026-11-22T03:00:00Z'));
    expect(nextSlot(dailyAtThree, at('2026-11-22T03:00:00.000Z'))).toEqual(at('2026-11-23T03:00:00Z'));
    expect(nextSlot(dailyAtThree, at('2026-11-22T03:00:00.500Z'))).toEqual(at('2026-11-23T03:00:00Z'));
  });

  it('is reckoned in the time zone of the rule, summer and winter', () => {
    const rule = { cron: '0 9 * * *', timezone: 'America/New_York' };
    expect(nextSlot(rule, at('2026-07-01T00:00:00Z'))).toEqual(at('2026-07-01T13:00:00Z'));
    expect(nextSlot(rule, at('2026-12-01T00:00:00Z'))).toEqual(at('2026-12-01T14:00:00Z'));
  });

  it('is the first instant after the gap when the clocks skip the time of a daily rule', () => {
    const rule = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };
    expect(slotsFrom(rule, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('comes once when the clocks repeat the time of a daily rule', () => {
    const rule = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };
    expect(slotsFrom(rule, '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('is each half hour that really passes for a half-hourly rule while the clocks repeat an hour', () => {
    const rule = { cron: '*/30 * * * *', timezone: 'Europe/Berlin' };
    const expected = ['00:00', '00:30', '01:00', '01:30', '02:00'].map((time) => `2026-10-25T${time}:00.000Z`);
    expect(slotsFrom(rule, '2026-10-24T23:59:00Z', 5)).toEqual(expected);
  });

  it('is missing when the rule names a day that never comes', () => {
    expect(nextSlot({ cron: '0 0 30 2 *', timezone: 'UTC' }, at('2026-11-22T00:00:00Z'))).toBeNull();
  });

  it.each([
    ['61 * * * *', 'UTC', '61'],
    ['0 0 3 * * *', 'UTC', '5-part'],
    ['every day', 'UTC', 'every day'],
    ['0 3 * * *', 'Mars/Olympus', 'Mars/Olympus'],
  ])('is refused with the reason when "%s" in %s cannot be read', (cron, timezone, reason) => {
    const asking = () => nextSlot({ cron, timezone }, at('2026-11-22T00:00:00Z'));
    expect(asking).toThrow(CronRuleError);
    expect(asking).toThrow(reason);
  });
});

describe('a schedule whose slot has come', () => {
  const stored = at('2026-11-22T03:00:00Z');

  it('fires that slot and waits for the next one', () => {
    const expected = { slot: stored, missed: 0, next: at('2026-11-23T03:00:00Z') };
    expect(dueSlot(dailyAtThree, stored, stored)).toEqual(expected);
    expect(dueSlot(dailyAtThree, stored, at('2026-11-22T03:00:00.004Z'))).toEqual(expected);
    expect(dueSlot(dailyAtThree, stored, at('2026-11-23T02:59:59.999Z'))).toEqual(expected);
  });

  it('fires the latest slot alone after three days of downtime, and says how many were missed', () => {
    expect(dueSlot(dailyAtThree, stored, at('2026-11-25T12:00:00Z'))).toEqual({
      slot: at('2026-11-25T03:00:00Z'),
      missed: 3,
      next: at('2026-11-26T03:00:00Z'),
    });
  });

  it('fires a slot that somebody chose by hand although the rule would not', () => {
    const chosen = at('2026-11-22T17:45:12Z');
    const due = dueSlot(dailyAtThree, chosen, at('2026-11-22T17:45:13Z'));
    expect(due).toEqual({ slot: chosen, missed: 0, next: at('2026-11-23T03:00:00Z') });
  });

  it('counts missed slots up to a thousand, so that a long downtime costs no time', () => {
    const everyMinute = { cron: '* * * * *', timezone: 'UTC' };
    const due = dueSlot(everyMinute, at('2026-01-01T00:00:00Z'), at('2026-11-22T10:00:30Z'));
    expect(due).toEqual({ slot: at('2026-11-22T10:00:00Z'), missed: 1000, next: at('2026-11-22T10:01:00Z') });
  });
});
