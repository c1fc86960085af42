import { isOfSeries, wantedSeries } from './rabbitmq-series.mjs';

test('RABBITMQ_SERIES may be 4.3 or unset; anything else is refused with what to do', () => {
  expect(wantedSeries('4.3')).toBe('4.3');
  expect(wantedSeries('')).toBeUndefined();
  expect(() => wantedSeries('3.13')).toThrow('RABBITMQ_SERIES is "3.13". Set it to 4.3, or unset it');
});

test('A version is of a series when it is that or newer, by number and not by letter', () => {
  const versions = ['4.3.0', '4.3.6', '4.10.0', '5.0.1', '4.2.9', '3.10.8'];
  expect(versions.filter((version) => isOfSeries(version, '4.3'))).toEqual(['4.3.0', '4.3.6', '4.10.0', '5.0.1']);
  expect(isOfSeries('3.10.8', undefined)).toBe(true);
});
