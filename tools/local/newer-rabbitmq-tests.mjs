import { describeFailure } from './setup-error.mjs';
import { rabbitMqBinaries } from './rabbitmq-binaries.mjs';
import { noDownload } from './rabbitmq-download.mjs';
import { NEWER_SERIES } from './rabbitmq-series.mjs';
import { packagesDirectory } from './server-home.mjs';

/**
 * What `npm test` runs once more on RabbitMQ 4.3, after everything has run on the distribution's: all that talks to RabbitMQ
 * directly, the core of the task worker, and the whole path from a request to a mail.
 */
export const testsOnNewerRabbitMq = [
  'libs/messaging/.*int\\.spec',
  'libs/task-worker/src/(server|job|outcome|settlement)/.*int\\.spec',
  // What kills its worker takes minutes; RABBITMQ_SERIES=4.3 runs that, too.
  'libs/task-worker/src/running/(?!poison).*int\\.spec',
  'libs/task-worker/src/recovery/server-closes',
  'apps/api-gateway/src/platform.e2e',
];

/**
 * Gets RabbitMQ 4.3, while something else goes on.
 *
 * @returns {Promise<{version?: string, missing?: string}>} its version, or why it cannot be had here; never rejects
 */
export async function fetchNewerRabbitMq(signal) {
  try {
    const binaries = await rabbitMqBinaries({ series: NEWER_SERIES, packages: packagesDirectory(), signal });
    return binaries ? { version: binaries.version } : { missing: noDownload(NEWER_SERIES) };
  } catch (error) {
    return { missing: describeFailure(error) };
  }
}
