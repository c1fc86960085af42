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
 */
export function join(): Middleware {
  const running = new Map<string, Running>();
  return async (job, next) => {
    if (job.contract.kind === 'task' && job.contract.effects === 'idempotent') return next();
    const key = `${job.id} ${job.run}`;
    for (let first = running.get(key); first; first = running.get(key)) {
      const outcome = await first.outcome.then(asDuplicate, () => undefined);
      if (outcome && job.attempt <= first.attempt) return outcome;
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
function asDuplicate(first: Outcome): Outcome | undefined {
  switch (first.kind) {
    case 'succeeded':
    case 'failed':
    case 'revoked':
      return { kind: 'duplicate', of: first };
    case 'duplicate':
      return first;
    case 'retrying':
      return { kind: 'superseded' };
    default:
      return undefined;
  }
}
