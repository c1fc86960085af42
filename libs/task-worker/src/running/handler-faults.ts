import { databaseFaultOf, type DatabaseFault } from '@mentorhub/service';
import type { Job } from '../job/job.js';
import { isCutShort } from './attempt-limits.js';
import type { DatabaseCircuit } from './database-circuit.js';

/** How often something is run again at once before it counts, or waits. */
export const mostRepeats = 3;

/** Whose fault it is that a handler failed, which says what becomes of it. */
export type WhoseFault =
  /** Its own: a failed attempt. */
  | 'handler'
  /** Chance: it is run again at once, and no attempt is spent. */
  | 'chance'
  /** The runtime's: it is run again when that is mended, and no attempt is spent. */
  | 'runtime';

const repeatable: ReadonlySet<DatabaseFault | undefined> = new Set(['away', 'ended', 'read-only', 'stale', 'collided']);

/** For faults of the runtime's own statements. What is not among these waits in the delay ladder. */
export const runsAgainAtOnce = (error: unknown): boolean => repeatable.has(databaseFaultOf(error));

/**
 * Judges what a handler threw: most of it is its own fault, also network errors of servers that it called. Queries that
 * found no database are not; nor is losing against another transaction, within reason.
 */
export class HandlerFaults {
  constructor(private readonly circuit: Pick<DatabaseCircuit, 'answersAfter'>) {}

  /**
   * Counts what it calls chance.
   *
   * @param inTransaction the transaction that the runtime gave it; its connection may be gone whatever the handler made of that
   */
  async judge(
    thrown: unknown,
    job: Pick<Job, 'repeats'>,
    inTransaction?: { readonly connectionLost: boolean },
  ): Promise<WhoseFault> {
    const whose = await this.whose(thrown, job, inTransaction);
    if (whose === 'chance') job.repeats += 1;
    return whose;
  }

  private async whose(
    thrown: unknown,
    { repeats }: Pick<Job, 'repeats'>,
    inTransaction?: { readonly connectionLost: boolean },
  ): Promise<WhoseFault> {
    if (isCutShort(thrown)) return 'handler';
    const ended = inTransaction?.connectionLost ? 'ended' : undefined;
    const again = repeats < mostRepeats ? 'chance' : 'handler';
    switch (ended ?? faultOfQuery(thrown)) {
      case 'ended':
      case 'read-only':
        // It may have ended its connection itself, or declared its transaction READ ONLY, and would do so for ever.
        return (await this.circuit.answersAfter(thrown)) ? again : 'runtime';
      case 'stale':
        return again;
      case 'collided':
        return inTransaction ? again : 'handler';
      case 'away':
      case 'pool-busy':
        return 'runtime';
      default:
        return 'handler';
    }
  }
}

/** Of a query, or of the way to it: anything else with such a code comes from a server that the handler called itself. */
function faultOfQuery(thrown: unknown): DatabaseFault | undefined {
  for (let seen = thrown, depth = 0; seen instanceof Error && depth < 5; seen = seen.cause, depth += 1)
    if (queryErrors.has(seen.name)) return databaseFaultOf(seen);
  return undefined;
}

const queryErrors = new Set([
  'DatabaseUnreachableError',
  'OverloadError',
  'QueryFailedError',
  'QueryRunnerAlreadyReleasedError',
  'QueryRunnerProviderAlreadyReleasedError',
]);
