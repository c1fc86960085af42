import type { Outcome } from '../outcomes/outcome.js';
import type { Middleware } from './middleware.js';

interface Running {
  readonly attempt: number;
  readonly outcome: Promise<Outcome>;
}

/**
 * A second delivery of a task that this process is running waits for the first, without a connection, and ends as it
 * does. The next attempt waits as well, and then runs: it can be here before its predecessor's end is heard of, since the
 * database knows of that end first and any process publishes. Tasks with `idempotent` effects have nothing to be joined for.
 *
 * Usually it comes because the channel of the first is gone, and with it everything that the first still had to publish:
 * so the second settles the same outcome, and the settler does for both what only one of them has to do.
 */
export function join(): Middleware {
  const running = new Map<string, Running>();
  return async (job, next) => {
    if (job.contract.kind === 'task' && job.contract.effects === 'idempotent') return next();
    const key = `${job.id} ${job.run}`;
    for (let first = running.get(key); first; first = running.get(key)) {
      const outcome = await first.outcome.catch(() => undefined);
      const shared = outcome && job.attempt <= first.attempt && shareOf(outcome, job.attempt < first.attempt);
      if (shared) return shared;
    }
    const outcome = next();
    running.set(key, { attempt: job.attempt, outcome });
    try {
      return await outcome;
    } finally {
      running.delete(key);
    }
  };
}

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
