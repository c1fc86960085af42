import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { OWNER_VARIABLE, sendSignal } from './server-process.mjs';
import { waitUntil } from './wait.mjs';

/**
 * The processes that were started for this owner and still live, whoever their parent is now. They are recognised by the
 * variable that each got at its start, never by a recorded number: numbers are reused for processes of others.
 */
export function processesOf(owner) {
  const mark = `${OWNER_VARIABLE}=${owner}`;
  return processIds().filter((pid) => pid !== process.pid && environmentOf(pid).includes(mark) && !isZombie(pid));
}

/** Ends all processes of this owner: asks, and after `timeoutSeconds` kills. Resolves to how many there were. */
export async function endProcessesOf(owner, timeoutSeconds = 10) {
  const found = processesOf(owner);
  for (const pid of found) sendSignal(pid, 'SIGTERM');
  const gone = { what: 'The end of processes that a killed start left behind', timeoutSeconds };
  await waitUntil(() => processesOf(owner).length === 0, gone).catch(() => killProcessesOf(owner));
  return found.length;
}

/** Kills all processes of this owner, without waiting. */
export function killProcessesOf(owner) {
  for (const pid of processesOf(owner)) sendSignal(pid, 'SIGKILL');
}

/** Processes whose working directory is this one. */
export function processesIn(directory) {
  return processIds().filter((pid) => attempt(() => readlinkSync(`/proc/${pid}/cwd`)) === directory);
}

/**
 * What tells a process from a later one with the same number: when it started, and since which boot that counts.
 * Undefined when no such process lives.
 */
export function identityOf(pid) {
  if (!hasProc) return identityByPs(pid);
  const fields = statFields(pid);
  if (!fields || fields[0] === 'Z') return undefined;
  return `${pid} ${fields[19]} ${attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))?.trim()}`;
}

function identityByPs(pid) {
  const started = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim();
  return started ? `${pid} ${started}` : undefined;
}

// Without /proc (macOS) no leftovers are found; they show as taken ports, which are then replaced.
const hasProc = existsSync('/proc/self/stat');

const processIds = () =>
  hasProc
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : [];

const environmentOf = (pid) => attempt(() => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')) ?? [];

const isZombie = (pid) => statFields(pid)?.[0] === 'Z';

// The fields after the program's name, which stands in parentheses and may itself hold spaces and parentheses.
const statFields = (pid) =>
  attempt(() =>
    readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' '),
  );

function attempt(read) {
  try {
    return read();
  } catch {
    return undefined; // Ended meanwhile, or not ours to look at.
  }
}
