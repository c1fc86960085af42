import { at, timing } from '../../../test/timings.js';
import { slotsBetween } from './calendar.js';
import { calendarOf, TimingError, type Timing } from './timing.js';

const everything = at('2200-01-01T00:00:00Z');
const slots = (parts: Partial<Timing>, from: string, count: number): string[] =>
  slotsBetween(calendarOf(timing(parts)), at(from), everything, count).map((slot) => slot.toISOString());
/** `2026-10-25` and times of that day in UTC. */
const on = (day: string, ...times: string[]) => times.map((time) => `${day}T${time}:00.000Z`);
const berlin = (cron: string) => ({ cron, timezone: 'Europe/Berlin' });

describe('the slots of a cron rule', () => {
  it('begin with the instant that is asked for, if it is one', () => {
    expect(slots({}, '2026-11-22T02:59:59.999Z', 1)).toEqual(on('2026-11-22', '03:00'));
    expect(slots({}, '2026-11-22T03:00:00.000Z', 1)).toEqual(on('2026-11-22', '03:00'));
    expect(slots({}, '2026-11-22T03:00:00.001Z', 1)).toEqual(on('2026-11-23', '03:00'));
  });

  it('E39: are reckoned in the time zone of the rule, summer and winter', () => {
    const rule = { cron: '0 9 * * *', timezone: 'America/New_York' };
    expect(slots(rule, '2026-07-01T00:00:00Z', 1)).toEqual(on('2026-07-01', '13:00'));
    expect(slots(rule, '2026-12-01T00:00:00Z', 1)).toEqual(on('2026-12-01', '14:00'));
  });

  it.each([
    ['seconds first', '*/20 59 23 31 12 *', ['2026-12-31T23:59:00.000Z', '2026-12-31T23:59:20.000Z']],
    ['names', '0 12 * FEB-MAR MON', ['2026-02-02T12:00:00.000Z', '2026-02-09T12:00:00.000Z']],
    ['steps in ranges', '0 8-12/2 * * *', ['2026-01-01T08:00:00.000Z', '2026-01-01T10:00:00.000Z']],
    ['the last day of a month', '0 0 L * *', ['2026-01-31T00:00:00.000Z', '2026-02-28T00:00:00.000Z']],
    ['the last Friday of a month', '0 0 * * FRIL', ['2026-01-30T00:00:00.000Z', '2026-02-27T00:00:00.000Z']],
    ['both kinds of days', '0 0 13 * FRI', ['2026-01-02T00:00:00.000Z', '2026-01-09T00:00:00.000Z']],
    ['Sunday as 7', '0 0 * * 7', ['2026-01-04T00:00:00.000Z', '2026-01-11T00:00:00.000Z']],
  ])('E39: can be told by %s', (_, cron, expected) => {
    expect(slots({ cron }, '2026-01-01T00:00:00.001Z', 2)).toEqual(expected);
  });

  it('are missing when the rule names a day that never comes', () => {
    expect(slots({ cron: '0 0 30 2 *' }, '2026-11-22T00:00:00Z', 1)).toEqual([]);
  });

  it('can be asked for backwards, with the same outcome', () => {
    const calendar = calendarOf(timing(berlin('15,45 0-4 * * *')));
    const [from, until] = [at('2026-03-28T00:00:00Z'), at('2026-03-31T00:15:00Z')];
    const forwards = slotsBetween(calendar, from, until, 100).filter((slot) => slot < until);
    expect(calendar.latest(from, until, 100)).toEqual(forwards);
    expect(calendar.latest(from, until, 3)).toEqual(forwards.slice(-3));
  });

  it.each([
    [{ cron: 'every day' }, 'every day'],
    [{ timezone: 'Mars/Olympus' }, 'Mars/Olympus'],
  ])('are refused with the reason when %p cannot be read', (parts, reason) => {
    const asking = () => slots(parts, '2026-11-22T00:00:00Z', 1);
    expect(asking).toThrow(TimingError);
    expect(asking).toThrow(reason);
  });
});

describe('when the clocks go forward, in Berlin from 02:00 to 03:00,', () => {
  const from = '2026-03-28T23:30:00.001Z';

  it('E39: a daily time that is skipped comes right after the gap, and the day after at its own time', () => {
    expect(slots(berlin('30 2 * * *'), from, 2)).toEqual([...on('2026-03-29', '01:00'), ...on('2026-03-30', '00:30')]);
  });

  it('E39: several skipped times of fixed hours come once, together, with what is due at that instant anyway', () => {
    for (const cron of ['0,15,45 2 * * *', '*/15 2 * * *', '0 2,3 * * *', '0 2-3 * * *', '*/30 * 2 * * *'])
      expect(slots(berlin(cron), from, 1)).toEqual(on('2026-03-29', '01:00'));
    expect(slots(berlin('30 2,3 * * *'), from, 2)).toEqual(on('2026-03-29', '01:00', '01:30'));
    expect(slots(berlin('*/15 2 * * *'), from, 2)[1]).toBe('2026-03-30T00:00:00.000Z');
  });

  it('E39: hours that are not fixed go on with the time that really passes', () => {
    expect(slots(berlin('*/30 * * * *'), '2026-03-29T00:30:00Z', 3)).toEqual(
      on('2026-03-29', '00:30', '01:00', '01:30'),
    );
    expect(slots(berlin('0 */2 * * *'), from, 2)).toEqual(on('2026-03-29', '02:00', '04:00'));
    expect(slots(berlin('30 * * * *'), '2026-03-29T00:00:00Z', 2)).toEqual(on('2026-03-29', '00:30', '01:30'));
  });

  it('E39: half an hour (Lord Howe), two hours (Troll) and midnight (Santiago) are gaps like others', () => {
    expect(slots({ cron: '15 2 * * *', timezone: 'Australia/Lord_Howe' }, '2026-10-03T00:00:00Z', 1)).toEqual(
      on('2026-10-03', '15:30'),
    );
    expect(slots({ cron: '30 1,2 * * *', timezone: 'Antarctica/Troll' }, '2026-03-28T12:00:00Z', 1)).toEqual(
      on('2026-03-29', '01:00'),
    );
    expect(slots({ cron: '0 0 * * *', timezone: 'America/Santiago' }, '2026-09-05T12:00:00Z', 1)).toEqual(
      on('2026-09-06', '04:00'),
    );
  });
});

describe('when the clocks go back, in Berlin from 03:00 to 02:00,', () => {
  const from = '2026-10-24T22:30:00Z';

  it('E39: a daily time that comes twice fires once, the first time', () => {
    expect(slots(berlin('30 2 * * *'), from, 2)).toEqual([...on('2026-10-25', '00:30'), ...on('2026-10-26', '01:30')]);
  });

  it('E39: so does each time of fixed hours', () => {
    expect(slots(berlin('*/15 2 * * *'), from, 5)).toEqual([
      ...on('2026-10-25', '00:00', '00:15', '00:30', '00:45'),
      ...on('2026-10-26', '01:00'),
    ]);
    expect(slots(berlin('0 1-3 * * *'), from, 3)).toEqual([
      '2026-10-24T23:00:00.000Z',
      ...on('2026-10-25', '00:00', '02:00'),
    ]);
  });

  it('E39: hours that are not fixed run on through the repeated hour', () => {
    const expected = on('2026-10-25', '00:00', '00:15', '00:30', '00:45', '01:00', '01:15', '01:30', '01:45', '02:00');
    expect(slots(berlin('*/15 * * * *'), '2026-10-25T00:00:00Z', 9)).toEqual(expected);
    expect(slots(berlin('30 * * * *'), '2026-10-25T00:00:00Z', 3)).toEqual(on('2026-10-25', '00:30', '01:30', '02:30'));
  });
});

describe('the slots of an interval', () => {
  it('E39: are counted in seconds that really pass, from its first slot on', () => {
    const rule = { every: 5400, timezone: 'Europe/Berlin', anchor: at('2026-10-24T22:00:00Z') };
    expect(slots(rule, '2026-10-24T21:00:00Z', 4)).toEqual([
      '2026-10-24T22:00:00.000Z',
      '2026-10-24T23:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:30:00.000Z',
    ]);
    expect(slots(rule, '2026-10-25T01:00:00.001Z', 1)).toEqual(on('2026-10-25', '02:30'));
  });

  it('can be asked for backwards', () => {
    const calendar = calendarOf(timing({ every: 60 }));
    const [from, until] = [at('2026-01-01T00:00:30Z'), at('2026-01-01T00:05:00Z')];
    expect(calendar.latest(from, until, 2)).toEqual([at('2026-01-01T00:03:00Z'), at('2026-01-01T00:04:00Z')]);
    expect(calendar.latest(from, until, 9)).toHaveLength(4);
    expect(calendar.latest(until, from, 9)).toEqual([]);
  });
});

describe('the slots of any rule', () => {
  it('lie from its start to its end, both included', () => {
    const bounds = { startsAt: at('2026-05-02T03:00:00Z'), endsAt: at('2026-05-04T03:00:00Z') };
    const expected = ['2026-05-02T03:00:00.000Z', '2026-05-03T03:00:00.000Z', '2026-05-04T03:00:00.000Z'];
    expect(slots(bounds, '2026-01-01T00:00:00Z', 9)).toEqual(expected);
    const calendar = calendarOf(timing(bounds));
    expect(calendar.latest(at('2026-01-01T00:00:00Z'), everything, 9).map((slot) => slot.toISOString())).toEqual(
      expected,
    );
    expect(slots({ ...bounds, every: 86_400 }, '2026-01-01T00:00:00Z', 9)).toEqual(expected);
  });

  it('is a single one for an instant', () => {
    const rule = { at: at('2026-05-02T10:00:00Z') };
    expect(slots(rule, '2026-05-02T10:00:00Z', 9)).toEqual(on('2026-05-02', '10:00'));
    expect(slots(rule, '2026-05-02T10:00:00.001Z', 9)).toEqual([]);
  });
});
