import { setTimeout as delay } from 'node:timers/promises';
import { RestartPause } from './restart-pause.mjs';
import { describeFailure } from './setup-error.mjs';
import { green, red, say, yellow } from './progress.mjs';
import { tail } from './server-process.mjs';

/**
 * A private server that is kept running once it was started:
 * 1. When one of its processes ends unasked, it says so with the end of its log, ends the others, and starts it again after
 *    1, 2, 4 … 30 seconds, with its ports and data.
 * 2. `stop` stops it and never starts it again. Safe at any moment, also twice.
 */
export class SupervisedServer {
  #stopping = new AbortController();
  #pause = new RestartPause();
  #supervising;

  /** @param server what `startRabbitMq` and the like resolve to; one without `processes` is not ours to start again */
  constructor(name, server) {
    this.name = name;
    this.server = server;
    if (server.processes) this.#supervising = this.#supervise();
  }

  async stop() {
    this.#stopping.abort();
    await this.#supervising;
    await this.server.stop?.();
  }

  async #supervise() {
    const { signal } = this.#stopping;
    const asked = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    while (!signal.aborted) {
      this.#pause.started();
      const ended = await Promise.race([asked, ...this.server.processes.map((one) => one.exited.then(() => one))]);
      if (signal.aborted) return;
      await this.#bringBack(ended);
    }
  }

  async #bringBack({ exit, logFile, name }) {
    const { signal } = this.#stopping;
    const how = exit.signal ? `signal ${exit.signal}` : `code ${exit.code}`;
    say(red(`✗ ${name} ended with ${how}. The end of its log:`));
    say(tail(logFile, 8).replace(/^/gm, '    '));
    for (;;) {
      const seconds = this.#pause.next();
      say(yellow(`  Starting ${this.name} again in ${seconds} s.`));
      await delay(seconds * 1000, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.server.kill();
        await this.server.start();
        return say(`${green('✓')} ${this.name} is back.`);
      } catch (error) {
        say(red(`✗ ${describeFailure(error)}`));
      }
    }
  }
}
