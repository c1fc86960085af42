import { taskMetrics } from '@mentorhub/metrics';
import type { Logger } from '@mentorhub/service';
import { AmbiguousError, type OnAmbiguous } from '@mentorhub/task-contracts';
import type { Job } from '../job/job.js';

/** For an attempt that something other than its handler ended in or after its call to the outside world. */
export function ambiguousEnd(cause: unknown): AmbiguousError {
  const { message = String(cause) } = (cause ?? {}) as { message?: string };
  return new AmbiguousError(`The attempt ended in or after its call to the outside world: ${message}`, { cause });
}

/** Counts and logs that nobody knows whether a call to the outside world happened; the log line says of which task. */
export function noteAmbiguousCall(logger: Logger, { contract }: Job, onAmbiguous: OnAmbiguous): void {
  const action = onAmbiguous === 'park' ? 'parked' : 'again';
  taskMetrics.ambiguous.inc({ task: contract.name, action });
  logger.warn(
    { ambiguous: action },
    action === 'again'
      ? 'Nobody knows whether a call to the outside world happened; it is made again.'
      : 'Nobody knows whether a call to the outside world happened; the message is parked.',
  );
}
