import { isDataFault } from './data-fault.js';

const withCode = (code: string) => Object.assign(new Error('from PostgreSQL'), { code });

describe('a fault of the data', () => {
  it.each(['22021', '22P02', '22P05', '23514', '21000', '54001'])('is what SQLSTATE %s tells', (code) => {
    expect(isDataFault(withCode(code))).toBe(true);
  });

  it('is a value that cannot be serialised', () => {
    expect(isDataFault(new RangeError('Maximum call stack size exceeded'))).toBe(true);
  });

  it.each([
    '57P01',
    '40P01',
    '40001',
    '55P03',
    '57014',
    '53100',
    '53300',
    '42P01',
    '25006',
    'ECONNREFUSED',
    'ETIMEDOUT',
  ])('is not %s, which passes', (code) => {
    expect(isDataFault(withCode(code))).toBe(false);
  });

  it('is nothing that is unknown', () => {
    expect(isDataFault(new Error('Connection terminated unexpectedly'))).toBe(false);
    expect(isDataFault(undefined)).toBe(false);
  });
});
