import { faultKinds } from './faults/catalogue.mjs';
import { readOptions } from './options.mjs';

describe('The options of a chaos run', () => {
  it('scale the faults to the tasks, and have each kind once', () => {
    const faults = (...argv) => readOptions(argv).faults;
    expect(faults('--tasks', '100')).toBe(Object.keys(faultKinds).length);
    expect(faults('--tasks', '5000')).toBe(42);
    expect(faults('--tasks', '100000')).toBe(190);
    expect(faults('--quick')).toBe(Object.keys(faultKinds).length);
    expect(faults('--faults', '0')).toBe(0);
  });

  it.each([
    [['--tasks', '0'], '--tasks must be a whole number from 1, not "0".'],
    [['--seed', 'x'], '--seed must be a whole number from 0, not "x".'],
    [['--monkeys'], 'npm run chaos -- --help'],
  ])('%j are refused with a sentence', (argv, sentence) => expect(() => readOptions(argv)).toThrow(sentence));
});
