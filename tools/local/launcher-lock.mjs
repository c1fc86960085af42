import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { identityOf } from './leftovers.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Makes sure that one program at a time works in `.local`. The file names its holder by pid and start time, so that
 * neither a holder that was killed nor a foreign process that got its pid keeps us out.
 *
 * @returns {() => void} gives the lock back
 * @throws {SetupError} when a live launcher holds it
 */
export function takeLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const self = identityOf(process.pid);
  for (;;) {
    try {
      writeFileSync(file, self, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    removeStale(file);
  }
}

// Two starts may find the same stale lock: each moves away what it found, and one that has moved the other's fresh lock
// puts it back.
function removeStale(file) {
  const holder = read(file);
  if (holder && identityOf(Number.parseInt(holder, 10)) === holder) refuse(holder);
  const moved = `${file}.${process.pid}`;
  try {
    renameSync(file, moved);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const found = read(moved);
  if (found !== holder) linkSync(moved, file);
  rmSync(moved);
  if (found !== holder) refuse(found);
}

function refuse(holder) {
  const pid = Number.parseInt(holder, 10);
  throw new SetupError(
    `MentorHub already runs in this folder (process ${pid}). Stop it with Ctrl-C, or with "kill ${pid}".`,
  );
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
