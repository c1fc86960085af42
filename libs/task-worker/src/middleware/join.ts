import type { Outcome } from '../outcome/outcome.js';
import type { Job } from '../job/job.js';
import { isLight, only, type Middleware } from './middleware.js';

interface Running {
  readonly attempt: number;
  readonly outcome: Promise<Outcome>;
  /** Resolved when its handler hangs. */
  readonly hangs: PromiseWithResolvers<undefined>;
}

/**
 * A second delivery of a task that this process is running waits for the first, without a connection or a place, and ends as
 * it does. The next attempt waits as well, and then runs: it can be here before its predecessor's end is heard of, since the
 * database knows of that end first and any process publishes. Tasks with `idempotent` effects have nothing to be joined for.
 *
 * Usually it comes because the channel of the first is gone, and with it everything that the first still had to publish:
 * so the second settles the same outcome, and the settler does for both what only one of them has to do.
 *
 * Nobody waits for a handler that hangs: `release` sends away who does, and they try again later.
 */
export function join(): Middleware & { release(job: Job): void } {
  const running = new Map<string, Running>();
  const step: Middleware = async (job, next) => {
    const key = keyOf(job);
    for (let first = running.get(key); first; first = running.get(key)) {
      // The first may be waiting for a place itself, so nobody holds one while waiting for it.
      const outcome = await job.waitWithoutPlace(
        Promise.race([first.outcome.catch(() => undefined), first.hangs.promise.then(() => later)]),
      );
      if (outcome === later) return later;
      const shared = outcome && job.attempt <= first.attempt && shareOf(outcome, job.attempt < first.attempt);
      if (shared) return shared;
    }
    const outcome = next();
    running.set(key, { attempt: job.attempt, outcome, hangs: Promise.withResolvers() });
    try {
      return await outcome;
    } finally {
      running.delete(key);
    }
  };
  return Object.assign(
    only((contract) => !isLight(contract), step),
    { release: (job: Job) => running.get(keyOf(job))?.hangs.resolve(undefined) },
  );
}

const keyOf = ({ id, run }: Job): string => `${id} ${run}`;

const later: Outcome = { kind: 'busy' };

/** What the second delivery comes to; undefined when the first decided nothing, so that this one has to try itself. */
function shareOf(first: Outcome, isOlder: boolean): Outcome | undefined {
  switch (first.kind) {
    case 'succeeded':
    case 'failed':
    case 'revoked':
      return { kind: 'duplicate', of: first };
    case 'duplicate':
      return first;
    case 'retrying':
      // The row holds the next attempt; and an older message has been followed by the one that ran.
      return first.through === 'row' || isOlder ? { kind: 'superseded' } : { kind: 'duplicate', of: first };
    default:
      return undefined;
  }
}
