import { median, medianOfEach, percentile, rounded } from './statistics.mjs';

describe('The median', () => {
  it('is the middle value, whatever the order', () => expect(median([9, 1, 5])).toBe(5));
  it('is the mean of the two in the middle when their number is even', () => expect(median([4, 1, 3, 2])).toBe(2.5));
  it('of nothing is not there', () => expect(median([])).toBeUndefined());
});

describe('A percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);

  it('is the value that so many do not exceed', () => expect(percentile(hundred, 0.99)).toBe(99));
  it('of one value is that value', () => expect(percentile([7], 0.5)).toBe(7));
  it('does not sort the values that it was given', () => {
    percentile(hundred, 0.5);
    expect(hundred[0]).toBe(100);
  });
});

describe('Figures', () => {
  it('have three digits that count', () => expect([12_345.6, 0.012345].map(rounded)).toEqual([12_300, 0.0123]));

  it('of several rounds have a median by name, also when a round lacks one', () => {
    expect(medianOfEach([{ p50: 1, missing: 0 }, { p50: 3 }, undefined, { p50: 2 }])).toEqual({ p50: 2, missing: 0 });
  });
});
