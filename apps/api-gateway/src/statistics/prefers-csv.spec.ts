import { prefersCsv } from './prefers-csv.js';

describe('the form of the statistics', () => {
  it.each([
    'text/csv',
    'Text/CSV; header=present',
    'text/csv, */*;q=0.1',
    'text/*',
    'application/json;q=0.5, text/csv',
  ])('is CSV for Accept: %s', (accept) => {
    expect(prefersCsv(accept)).toBe(true);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'application/json, text/csv',
    'text/csv;q=0.5, application/json',
    'text/csv;q=0, */*',
    'text/csv;q=high',
    'text/html,application/xhtml+xml,*/*;q=0.8',
  ])('is JSON for Accept: %s', (accept) => {
    expect(prefersCsv(accept)).toBe(false);
  });
});
