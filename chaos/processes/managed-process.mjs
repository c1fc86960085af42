import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { repositoryRoot } from '../../tools/local/paths.mjs';
import { answersOk } from '../../tools/local/wait.mjs';

/**
 * A process that is started again whenever it ends, until `retire`. Its output goes to a file, also over restarts.
 */
export class ManagedProcess {
  starts = 0;
  retired = false;

  /** @param options {name, args, env, logFile, ipc?} */
  constructor(options) {
    this.options = options;
    this.name = options.name;
  }

  start() {
    const { args, env, logFile, ipc } = this.options;
    const log = openSync(logFile, 'a');
    const stdio = ['ignore', log, log, ...(ipc ? ['ipc'] : [])];
    const child = spawn(process.execPath, args, { cwd: repositoryRoot, env, stdio });
    closeSync(log);
    this.child = child;
    this.starts += 1;
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    this.exited.then(() => this.ended());
    this.onStart?.(child);
  }

  get isReady() {
    const url = `http://127.0.0.1:${this.options.env.METRICS_PORT}/health/ready`;
    return answersOk(url).catch(() => false);
  }

  /** SIGKILL: a crash. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGTERM: an orderly stop, as in a rolling restart. @returns {code, signal}: how it ended; SIGKILL when it took too long */
  async stop(withinSeconds = 40) {
    const { child, exited } = this;
    child.kill('SIGTERM');
    const patience = new AbortController();
    const late = pause(withinSeconds * 1000, undefined, patience).then(() => child.kill('SIGKILL'));
    late.catch(() => undefined);
    const end = await exited;
    patience.abort();
    return end;
  }

  /** Stops it for good. */
  async retire() {
    this.retired = true;
    return this.child ? this.stop() : { code: 0 };
  }

  /** The end of its log. */
  lastWords() {
    return readFileSync(this.options.logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
  }

  ended() {
    // Not at once: one that cannot start is not to spin.
    if (!this.retired) setTimeout(() => this.retired || this.start(), 200);
  }
}
