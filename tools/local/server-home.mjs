import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDirectory, repositoryRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { isReachable } from './unprivileged-user.mjs';

/**
 * The folder for what servers read and write: `.local`. Only where root has cloned to a place that no other user may enter
 * (such as /root), and the servers, which never run as root, could not get there, it is a folder of this clone's own
 * below /var/lib instead; `.local/servers-are-in` then says which.
 */
export function serverHome() {
  mkdirSync(localDirectory, { recursive: true });
  if (isReachable(localDirectory)) return localDirectory;
  const clone = createHash('sha256').update(repositoryRoot).digest('hex').slice(0, 10);
  const home = `/var/lib/mentorhub-tasks-${clone}`;
  mkdirSync(home, { recursive: true, mode: 0o755 });
  if (lstatSync(home).uid !== process.getuid())
    throw new SetupError(`${home} belongs to another user. Remove it and start again.`);
  writeFileSync(join(localDirectory, 'servers-are-in'), `${home}\n`);
  return home;
}

/** Downloaded and copied server programs, shared by `npm start` and the tests. */
export const packagesDirectory = () => join(serverHome(), 'packages');
