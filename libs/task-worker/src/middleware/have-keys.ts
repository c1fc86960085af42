import type { HealthChecks, Logger } from '@mentorhub/service';
import type { PayloadCipher } from '@mentorhub/tasks/payload';
import { missingKeyOf } from '@mentorhub/tasks/payload';
import type { Job } from '../job/job.js';
import { only, type Middleware } from './middleware.js';

const awaySeconds = 15;
const longestAwayMs = 24 * 3600 * 1000;
/** Several times `awaySeconds`: other processes may take the message in between. */
const notReadyMs = 300_000;
const tellEveryMs = 10_000;

export interface HaveKeysOptions {
  readonly cipher: PayloadCipher;
  readonly health: HealthChecks;
  readonly logger: Logger;
}

/**
 * A task with a sensitive field whose key this process has not goes back, for one that has it, by way of the delay ladder:
 * nothing is wrong with the task but with `PAYLOAD_KEYS` here, so the process is not ready for as long as that goes on. No
 * attempt is spent. It is given up a day after it was due, as one that nobody can read; at once when it says no due time, or one
 * that is more than a day ahead, which is nobody's that was published.
 */
export function haveKeys({ cipher, health, logger }: HaveKeysOptions): Middleware {
  let missing: { readonly sentence: string; readonly at: number } | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  health.register('payload keys', () => {
    if (missing && performance.now() - missing.at < notReadyMs) throw new Error(missing.sentence);
    return true;
  });
  return only(isSensitive, async (job, next) => {
    const sentence = isWorthWaiting(job) ? missingKeyIn(job, cipher) : undefined;
    if (sentence === undefined) return next();
    const at = performance.now();
    missing = { sentence, at };
    if (at - toldAt >= tellEveryMs) {
      toldAt = at;
      logger.error({ reason: sentence }, 'A task was given back, since this process has not the key of its payload.');
    }
    return { kind: 'postponed', seconds: awaySeconds };
  });
}

const isSensitive = (contract: Job['contract']): boolean => contract.kind === 'task' && contract.sensitive.length > 0;

const missingKeyIn = ({ contract, body }: Job, cipher: PayloadCipher): string | undefined =>
  contract.kind === 'task' ? missingKeyOf(contract, body, cipher) : undefined;

const isWorthWaiting = ({ dueAt }: Job): boolean =>
  dueAt !== undefined && Math.abs(Date.now() - dueAt.getTime()) < longestAwayMs;
