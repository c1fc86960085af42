import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { pinnedNode, repositoryRoot } from './paths.mjs';
import { red, say, yellow } from './progress.mjs';
import { RestartPause } from './restart-pause.mjs';
import { OWNER_VARIABLE, ServerProcess, tail } from './server-process.mjs';
import { followOutput, openLog } from './service-output.mjs';
import { answersOk } from './wait.mjs';

/**
 * A service of ours that is kept running:
 * 1. `start` runs it and resolves when its readiness answers 200; an end before that is the start's failure.
 * 2. When it ends later, it says so with the end of the log and starts it again after 1, 2, 4 … 30 seconds.
 * 3. `stop` asks it to end, waits 20 seconds, kills it, and never starts it again. Safe at any moment, also twice.
 */
export class SupervisedService {
  #stopping = new AbortController();
  #pause = new RestartPause();

  constructor({ name, args, env, healthUrl, logFile, owner, width }) {
    Object.assign(this, { name, args, env, healthUrl, logFile, owner, width });
  }

  async start(timeoutSeconds = 90) {
    this.log = openLog(this.logFile);
    this.#launch();
    await this.process.ready(() => answersOk(this.healthUrl), timeoutSeconds);
    this.#supervise();
  }

  async stop() {
    this.#stopping.abort();
    await this.process?.stop('SIGTERM', 20);
    this.log?.close();
    this.log = undefined;
  }

  /** Keeps it running although it was not ready in time: in watch mode the next change may repair it. */
  superviseUnready() {
    if (this.process.exit === undefined) this.#supervise();
  }

  #launch() {
    const child = spawn(pinnedNode(), this.args, {
      cwd: repositoryRoot,
      env: { ...this.env, [OWNER_VARIABLE]: this.owner },
      detached: true, // Ctrl-C in the terminal reaches the launcher alone, which stops everything in order.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    followOutput(child, this.name, this.log, this.width);
    this.#pause.started();
    this.process = new ServerProcess(this.name, child, this.logFile);
  }

  async #supervise() {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const { code, signal: killedBy } = await this.process.exited;
      if (signal.aborted) return;
      this.process.killGroup();
      const seconds = this.#pause.next();
      say(red(`✗ ${this.name} ended with ${killedBy ? `signal ${killedBy}` : `code ${code}`}. The end of its log:`));
      say(tail(this.logFile, 15).replace(/^/gm, '    '));
      say(yellow(`  Starting it again in ${seconds} s.`));
      await delay(seconds * 1000, undefined, { signal }).catch(() => {});
      if (!signal.aborted) this.#launch();
    }
  }
}
