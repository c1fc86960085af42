import { cronFaults } from './cron-expression.js';

describe('the faults of a cron expression', () => {
  it.each(['0 3 * * *', '*/5 * * * *', '30 0 3 L JAN-MAR MON#2', ' 0  0 LW * * ', '0 0 * * 5L', '59 59 23 31 12 7'])(
    'are none in "%s"',
    (expression) => expect(cronFaults(expression)).toEqual([]),
  );

  it.each([
    ['61 * * * *', 'field 1, the minute, is "61"; it takes 0 to 59'],
    ['0 25 * * *', 'field 2, the hour, is "25"; it takes 0 to 23'],
    ['0 0 32 * *', 'field 3, the day of month, is "32"; it takes 1 to 31'],
    ['0 0 1 13 *', 'field 4, the month, is "13"; it takes 1 to 12 or JAN to DEC'],
    ['0 0 * * 8', 'field 5, the day of week, is "8"; it takes 0 to 7'],
    ['70 0 0 * * *', 'field 1, the second, is "70"; it takes 0 to 59'],
    ['0 0 24 * * *', 'field 3, the hour, is "24"'],
    ['*/0 * * * *', 'field 1, the minute, is "*/0": Syntax error, illegal stepping: 0'],
    ['0 5-1 * * *', 'field 2, the hour, is "5-1": From value is larger than to value'],
    ['0 0 * foo *', 'field 4, the month, is "foo": it contains illegal characters'],
    ['* * * *', 'has 4 fields; it takes five'],
    ['', 'has 0 fields'],
    ['0', 'has 1 field;'],
    ['* * * * * * *', 'has 7 fields'],
    ['@daily', 'has 1 field;'],
  ])('of "%s" say: %s', (expression, message) => {
    const faults = cronFaults(expression);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(message);
  });

  it('are told for each field', () => {
    expect(cronFaults('61 25 * * *')).toHaveLength(2);
  });
});
