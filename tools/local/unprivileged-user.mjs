import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync } from 'node:fs';

/**
 * The user that servers run as: undefined (ourselves) for an ordinary user; for root the system's `nobody`, because
 * PostgreSQL refuses to run as root and no server of ours needs to.
 */
export function serverUser() {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m);
  return line ? { uid: Number(line[1]), gid: Number(line[2]) } : { uid: 65534, gid: 65534 };
}

/** Makes a directory that the server's user owns and nobody else may read. */
export function makePrivateDirectory(directory, user = serverUser()) {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (user) chownSync(directory, user.uid, user.gid);
}

/** Whether the server's user can get through the parents of this directory: `/root`, for one, lets nobody pass. */
export function isReachable(directory, user = serverUser()) {
  if (!user) return true;
  return spawnSync('test', ['-x', directory], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}
