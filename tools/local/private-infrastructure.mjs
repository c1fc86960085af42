import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, killProcessesOf } from './leftovers.mjs';
import { startMailCatcher } from './mail-catcher.mjs';
import { startPostgres } from './postgres.mjs';
import { startRabbitMq } from './rabbitmq.mjs';
import { isPlainPath, packagesDirectory } from './server-home.mjs';
import { isReachable } from './unprivileged-user.mjs';

const PREFIX = 'mentorhub-test-';

/**
 * Infrastructure for one test run: a RabbitMQ, a PostgreSQL and a mail catcher in a fresh temporary directory, with ports
 * of their own, so that any number of runs go on side by side. All or nothing: when one fails to start, all are ended.
 * Also ends all when this process exits, and first what a killed run has left behind.
 *
 * @returns {Promise<{directory: string, rabbitmq: object, postgres: object, mail: object, discard(): Promise<void>}>}
 *   `discard` ends all three and removes their directory
 */
export async function startDisposableInfrastructure({ say = () => {} } = {}) {
  discardAbandoned();
  const directory = temporaryDirectory();
  const discardNow = () => discardDirectory(directory);
  process.once('exit', discardNow);
  const discard = async () => {
    discardNow(); // Nothing here is worth an orderly shutdown: the data goes with the directory.
    process.removeListener('exit', discardNow);
  };
  try {
    const [rabbitmq, postgres, mail] = await startAll(directory, say);
    return { directory, rabbitmq, postgres, mail, discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

async function startAll(directory, say) {
  const packages = packagesDirectory();
  const results = await Promise.allSettled([
    startRabbitMq({ directory: join(directory, 'rabbitmq'), packages, say, owner: directory }),
    startPostgres({
      directory: join(directory, 'postgres'),
      copies: packages,
      settings: { max_connections: 400 },
      owner: directory,
    }),
    startMailCatcher({ directory: join(directory, 'mail'), owner: directory }),
  ]);
  const failure = results.find(({ status }) => status === 'rejected');
  if (failure) throw failure.reason;
  return results.map(({ value }) => value);
}

/** Where runs have their folders: the first that will do. */
const temporaryParents = () => [...new Set([tmpdir(), '/tmp', '/var/tmp'])];

function runsIn(parent) {
  try {
    const names = readdirSync(parent).filter((entry) => entry.startsWith(PREFIX));
    return names.map((name) => join(parent, name));
  } catch {
    return []; // it is not there, or not ours to read
  }
}

/** A new empty folder that the servers' user can get to, even where TMPDIR is somebody's private one. */
export function temporaryDirectory() {
  for (const parent of temporaryParents()) {
    if (!isPlainPath(parent) || !isReachable(parent)) continue;
    const directory = mkdtempSync(join(parent, PREFIX));
    chmodSync(directory, 0o755); // mkdtemp makes it 0700; the servers' own folders inside are private again.
    writeFileSync(join(directory, 'started-by'), identityOf(process.pid) ?? '');
    return directory;
  }
  throw new Error('No temporary directory can be entered by an unprivileged user. Set TMPDIR to one that can.');
}

function discardDirectory(directory) {
  killProcessesOf(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

// Runs that were killed could not clean up behind themselves. Only runs whose starter is surely gone are touched.
function discardAbandoned() {
  for (const directory of temporaryParents().flatMap(runsIn)) {
    try {
      const starter = readFileSync(join(directory, 'started-by'), 'utf8');
      if (starter && identityOf(Number.parseInt(starter, 10)) !== starter) discardDirectory(directory);
    } catch {
      // Being created or removed right now, or another user's.
    }
  }
}
