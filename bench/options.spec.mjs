import { readOptions } from './options.mjs';

describe('The options of a run', () => {
  it('are everything by default', () => {
    const { cases, systems, partial, rounds } = readOptions([]);
    expect({ cases: cases.length, systems: systems.length, partial, rounds }).toEqual({
      cases: 12,
      systems: 11,
      partial: false,
      rounds: undefined,
    });
  });

  it('name a part, which is then not for the record', () => {
    const options = readOptions(['--cases', 'process, enqueue-direct', '--systems', 'bullmq', '--rounds', '2']);
    expect(options).toMatchObject({
      cases: ['enqueue-direct', 'process'],
      systems: ['bullmq'],
      rounds: 2,
      partial: true,
    });
  });

  it.each([
    [['--cases', 'proces'], '--cases knows no "proces"'],
    [['--systems', 'sidekiq'], 'there are mentorhub'],
    [['--rounds', '0'], '--rounds must be a whole number'],
    [['--fast'], 'npm run bench -- --help'],
  ])('%j are refused with a sentence', (argv, sentence) => expect(() => readOptions(argv)).toThrow(sentence));
});
