import { taskMetrics } from '@mentorhub/metrics';
import type { Logger } from '@mentorhub/service';
import type { OnAmbiguous } from '@mentorhub/task-contracts';
import type { Job } from '../job/job.js';

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
