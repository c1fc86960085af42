import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { localDirectory, repositoryRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { isReachable } from './unprivileged-user.mjs';

/**
 * The folder for what servers read and write: `.local`, unless they could not work there:
 * - root has cloned to a place that no other user may enter (such as /root), and the servers never run as root;
 * - the path has a space or a letter beyond ASCII: RabbitMQ's management plugin ends the node there.
 *
 * Then it is a folder of this clone's own elsewhere, and `.local/servers-are-in` says which.
 */
export function serverHome() {
  mkdirSync(localDirectory, { recursive: true });
  if (isPlainPath(localDirectory) && isReachable(localDirectory)) return localDirectory;
  const clone = createHash('sha256').update(repositoryRoot).digest('hex').slice(0, 10);
  const home = join(elsewhere(), `mentorhub-tasks-${clone}`);
  mkdirSync(home, { recursive: true, mode: isRoot() ? 0o755 : 0o700 });
  if (lstatSync(home).uid !== process.getuid())
    throw new SetupError(`${home} belongs to another user. Remove it and start again.`);
  writeFileSync(join(localDirectory, 'servers-are-in'), `${home}\n`);
  return home;
}

/** Whether every server can work below this path. */
export const isPlainPath = (path) => /^[\w/.+@-]+$/.test(path);

const isRoot = () => process.getuid() === 0;

// Not /tmp, which many machines empty at a restart: the data must be there at the next start.
function elsewhere() {
  if (isRoot()) return '/var/lib';
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local/state');
  return isPlainPath(state) ? state : `/var/tmp/mentorhub-${process.getuid()}`;
}

/** Downloaded and copied server programs, shared by `npm start` and the tests. */
export const packagesDirectory = () => join(serverHome(), 'packages');
