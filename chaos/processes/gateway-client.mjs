import { setTimeout as pause } from 'node:timers/promises';

const answerWithinMs = 30_000;
const againMs = 200;

/** Asks one gateway process over IPC. An answer that does not come says nothing about what was done. */
class GatewayConnection {
  waiting = new Map();
  lastRequest = 0;

  constructor(gateway) {
    this.gateway = gateway;
    gateway.onStart = (child) => this.listenTo(child);
  }

  /** Requests of a process that ends stay without an answer, whatever becomes of them. */
  listenTo(child) {
    child.on('message', ({ request, answer, error }) => this.settle(request, answer, error));
    child.on('disconnect', () => this.giveUp(child, 'The gateway is gone.'));
    child.on('error', () => this.giveUp(child, 'The gateway cannot be reached.'));
  }

  ask(message) {
    const { child } = this.gateway;
    if (!child?.connected) return Promise.reject(new Error('The gateway is not there.'));
    const request = ++this.lastRequest;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(request, undefined, 'No answer in time.'), answerWithinMs);
      this.waiting.set(request, { child, resolve, reject, timer });
      child.send({ request, ...message }, (error) => error && this.settle(request, undefined, error.message));
    });
  }

  settle(request, answer, error) {
    const waiting = this.waiting.get(request);
    if (!waiting) return;
    this.waiting.delete(request);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(answer);
    else waiting.reject(new Error(error));
  }

  giveUp(child, why) {
    for (const [request, waiting] of this.waiting) if (waiting.child === child) this.settle(request, undefined, why);
  }
}

/** All gateways as one: asks another one, and again, until one has answered. */
export class GatewayClient {
  unanswered = 0;
  turn = 0;

  constructor(gateways) {
    this.connections = gateways.map((gateway) => new GatewayConnection(gateway));
  }

  /** Safe for requests that may be repeated only. */
  async ask(message, signal) {
    for (;;) {
      signal?.throwIfAborted();
      try {
        return await this.connections[this.turn++ % this.connections.length].ask(message);
      } catch {
        this.unanswered += 1;
        await pause(againMs);
      }
    }
  }
}
