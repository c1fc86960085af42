import { LightTombstones } from './light-tombstones.js';

describe('The tombstones that a worker keeps in mind', () => {
  let seconds: number;
  const tombstones = (most = 3) => new LightTombstones(most, () => seconds);

  beforeEach(() => {
    seconds = 1_000;
  });

  it('are of a run and of those before it', () => {
    const kept = tombstones();
    kept.keep('a', 2, 60);
    kept.keep('a', 1, 60);
    expect([1, 2, 3].map((run) => kept.know('a', run))).toEqual(['revoked', 'revoked', 'not revoked']);
    expect(kept.know('b', 1)).toBe('not revoked');
  });

  it('are forgotten when they expire', () => {
    const kept = tombstones();
    kept.keep('short', 1, 60);
    kept.keep('long', 1, 120);
    seconds += 60;
    expect([kept.know('short', 1), kept.know('long', 1)]).toEqual(['not revoked', 'revoked']);
    kept.forgetExpired();
    expect(kept.size).toBe(1);
  });

  it('live as long as the longest that was heard of', () => {
    const kept = tombstones();
    kept.keep('a', 1, 120);
    kept.keep('a', 1, 60);
    seconds += 100;
    expect(kept.know('a', 1)).toBe('revoked');
  });

  it('are bounded: what does not fit has to be asked for, until the last of it has expired', () => {
    const kept = tombstones();
    for (const id of ['a', 'b', 'c']) kept.keep(id, 1, 60);
    for (let n = 0; n < 1_000; n += 1) kept.keep(`more ${n}`, 1, 120);
    expect(kept.size).toBe(3);
    expect([kept.know('a', 1), kept.know('more 7', 1), kept.know('never heard of', 1)]).toEqual([
      'revoked',
      'ask',
      'ask',
    ]);
    kept.keep('a', 2, 60);
    expect(kept.know('a', 2)).toBe('revoked');
    seconds += 120;
    expect(kept.know('never heard of', 1)).toBe('not revoked');
  });
});
