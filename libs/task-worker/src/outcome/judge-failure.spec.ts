import { retryPolicy } from '@mentorhub/task-contracts';
import { AmbiguousError, HardLimitError, PermanentError, RetryLater } from '@mentorhub/task-contracts';
import { judgeFailure } from './judge-failure.js';

const policy = retryPolicy('a.task', { jitter: 'none' });
const judge = (thrown: unknown, tries = 1, onAmbiguous: 'again' | 'park' = 'again') =>
  judgeFailure(thrown, { policy, tries, onAmbiguous });

describe('A failed attempt', () => {
  it('B13: is followed by three more after 60, 120 and 240 seconds, then the task has failed', () => {
    expect([1, 2, 3, 4].map((tries) => judge(new Error('no'), tries))).toEqual([
      { kind: 'retry', delaySeconds: 60, counted: true },
      { kind: 'retry', delaySeconds: 120, counted: true },
      { kind: 'retry', delaySeconds: 240, counted: true },
      { kind: 'fail', reason: 'failed' },
    ]);
  });

  it('B11: is the last one after a PermanentError', () => {
    expect(judge(new PermanentError('never'))).toEqual({ kind: 'fail', reason: 'failed' });
  });

  it.each([
    [5, 5],
    [-5, 0],
    [1e9, 3600],
    [Infinity, 3600],
  ])('B11: of RetryLater(%d) waits %d s, uncounted, also after the last attempt', (asked, delaySeconds) => {
    expect(judge(new RetryLater(asked), 4)).toEqual({ kind: 'retry', delaySeconds, counted: false });
  });

  it('counts like any other when RetryLater was given no number', () => {
    expect(judge(new RetryLater(Number.NaN))).toMatchObject({ kind: 'retry', counted: true });
  });

  it('B15: counts like any other after its hard limit', () => {
    expect(judge(new HardLimitError(3))).toMatchObject({ kind: 'retry', counted: true });
  });

  it('B18: follows onAmbiguous when nobody knows whether the call happened', () => {
    expect(judge(new AmbiguousError('no answer'))).toMatchObject({ kind: 'retry', counted: true });
    expect(judge(new AmbiguousError('no answer'), 1, 'park')).toEqual({ kind: 'fail', reason: 'ambiguous' });
  });

  it.each([['text'], [undefined], [null], [{ name: 7 }]])('may have thrown %p', (thrown) => {
    expect(judge(thrown)).toMatchObject({ kind: 'retry', counted: true });
  });

  it('is judged by the name of an error that came from a worker thread', () => {
    expect(judge(Object.assign(new Error('later'), { name: 'RetryLater', seconds: 7 }))).toMatchObject({
      delaySeconds: 7,
    });
  });
});
