import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupError } from './setup-error.mjs';
import { waitUntil } from './wait.mjs';

/** Every process that we start carries this variable, so that a later start recognises what a killed one left behind. */
export const OWNER_VARIABLE = 'MENTORHUB_LOCAL_OWNER';

/**
 * Starts a server whose output goes straight to its log file, so that it outlives the launcher's death undisturbed.
 * It gets a process group of its own: Ctrl-C in the terminal reaches the launcher alone, which stops servers in order.
 */
export function startServerProcess({ name, command, args, env, cwd, user, logFile, owner }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, {
    ...user,
    cwd,
    env: { ...env, [OWNER_VARIABLE]: owner },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return new ServerProcess(name, child, logFile);
}

/** A started server: knows whether it still runs, waits for it to be ready, stops it within a bounded time. */
export class ServerProcess {
  constructor(name, child, logFile) {
    this.name = name;
    this.child = child;
    this.logFile = logFile;
    this.exited = new Promise((resolve) => {
      // Not 'exit': what it wrote last may still be on the way to its log then.
      child.once('close', (code, signal) => resolve({ code, signal }));
      child.once('error', (error) => resolve({ error }));
    });
    this.exited.then((exit) => (this.exit = exit));
  }

  get pid() {
    return this.child.pid;
  }

  /** Waits until `condition` holds; fails at once, with the end of the log, when the process ends before that. */
  async ready(condition, timeoutSeconds = 90) {
    try {
      await waitUntil(() => this.exit !== undefined || condition(), {
        what: `${this.name} becoming ready`,
        timeoutSeconds,
      });
    } catch (cause) {
      throw new SetupError(`${this.name} was not ready after ${timeoutSeconds} seconds. The end of ${this.logFile}:`, {
        log: tail(this.logFile),
        cause,
      });
    }
    if (this.exit === undefined) return;
    const how =
      this.exit.error?.message ?? (this.exit.signal ? `signal ${this.exit.signal}` : `code ${this.exit.code}`);
    throw new SetupError(`${this.name} ended with ${how} before it was ready. The end of ${this.logFile}:`, {
      log: tail(this.logFile),
    });
  }

  /** Asks with `signal`, waits, and kills the whole group when the time is over. Safe to call twice. */
  async stop(signal = 'SIGTERM', timeoutSeconds = 20) {
    if (this.exit === undefined) {
      sendSignal(this.pid, signal);
      const patience = setTimeout(() => this.killGroup(), timeoutSeconds * 1000);
      await this.exited;
      clearTimeout(patience);
    }
    this.killGroup(); // Helpers that outlived their parent.
  }

  /** Kills the server as a crash would. */
  async kill() {
    this.killGroup();
    await this.exited;
  }

  killGroup() {
    if (this.pid) sendSignal(-this.pid, 'SIGKILL');
  }
}

/** Sends a signal; false when nobody is there any more. */
export function sendSignal(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}

/** The last lines of a log file. */
export function tail(file, lines = 25) {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log was written)';
  }
}
