import { setTimeout as pause } from 'node:timers/promises';

/** Requests that are under way at once. */
const clients = 4;
/** More unfinished tasks than this are not offered: what waits must not grow without a bound. */
const mostUnfinished = 3_000;

/**
 * Offers the batches to the gateways until each is accepted, and revokes what is to be revoked.
 *
 * A task counts as accepted when a gateway has said so. A batch without an answer is offered again under the same id.
 */
export class Workload {
  /** By id. */
  accepted = new Map();
  /** What was answered to the revocations, by task id. */
  revocations = new Map();
  offered = 0;
  revoking = new Set();

  constructor(batches, { gateways, gate, rate, progress, signal }) {
    Object.assign(this, { batches, gateways, gate, rate, progress, signal });
  }

  /** Resolves when everything is accepted and every revocation is answered. */
  async run() {
    const batches = this.batches.values();
    await Promise.all(Array.from({ length: clients }, () => this.client(batches)));
    await Promise.all(this.revoking);
  }

  async client(batches) {
    for (const batch of batches) {
      await this.gate.mayOffer(this.offered);
      this.offered += batch.tasks.length;
      await this.untilFewer();
      await this.offer(batch);
      await pause((batch.tasks.length * clients * 1000) / this.rate);
    }
  }

  async untilFewer() {
    while (this.accepted.size - this.progress.ended > mostUnfinished) {
      this.signal.throwIfAborted();
      await pause(50);
    }
  }

  async offer(batch) {
    const items = await this.gateways.ask({ operation: 'accept', batch }, this.signal);
    const specs = new Map(batch.tasks.map((task) => [task.n, task]));
    for (const { n, id } of items) this.accept(id, specs.get(n));
    this.gate.add(items.length);
  }

  accept(id, spec) {
    this.accepted.set(id, spec);
    if (!spec.revoke) return;
    const revoking = this.revoke(id, spec.revoke).finally(() => this.revoking.delete(revoking));
    // A run that is stopped has ended by another error before anybody waits for these.
    revoking.catch(() => undefined);
    this.revoking.add(revoking);
  }

  async revoke(id, { afterMs, terminate }) {
    await pause(afterMs);
    const { answer } = await this.gateways.ask({ operation: 'revoke', id, terminate }, this.signal);
    this.revocations.set(id, answer);
  }
}
