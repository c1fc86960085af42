import { Problem } from '../problems/problem.js';
import { assertHarmless } from './harmful-input.js';

const nested = (levels: number, make: (inner: unknown) => unknown) => {
  let value: unknown = 1;
  for (let n = 0; n < levels; n++) value = make(value);
  return value;
};

function refusal(input: unknown): Problem {
  try {
    assertHarmless(input);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('It was accepted.');
}

describe('harmful input', () => {
  it.each([
    [undefined],
    [null],
    ['text \u{1f600} \r\n'],
    [{ a: [1, true, null, { b: 'c' }] }],
    [nested(64, (a) => ({ a }))],
  ])('is not %j', (input) => {
    expect(() => assertHarmless(input)).not.toThrow();
  });

  it('is anything deeper than 64 levels, however deep', () => {
    for (const levels of [65, 10_000, 200_000]) {
      expect(refusal(nested(levels, (a) => [a]))).toMatchObject({
        status: 422,
        detail: expect.stringContaining('64 levels'),
      });
      expect(refusal(nested(levels, (a) => ({ a })))).toMatchObject({ status: 422 });
    }
  });

  it('is NUL or half a surrogate pair, in a value or in a key, and is named by its place', () => {
    expect(refusal({ a: ['x', { b: 'a\0' }] }).parts.errors?.[0]?.path).toBe('/a/1/b');
    expect(refusal({ a: { '\ud800': 1 } }).parts.errors?.[0]?.path).toBe('/a/\ufffd');
    expect(refusal('\udfff').parts.errors?.[0]?.path).toBe('');
  });

  it('is a key that reaches a prototype', () => {
    expect(refusal(JSON.parse('{"a":{"__proto__":{}}}')).status).toBe(400);
  });

  it('takes no longer than a moment to find in a million values', () => {
    // The processor's time, since others may keep the machine busy.
    const started = process.cpuUsage();
    assertHarmless(Array.from({ length: 1_000_000 }, (_, n) => n));
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  });
});
