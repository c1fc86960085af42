import { performFault } from './perform-fault.mjs';

/**
 * Performs the plan while tasks are accepted.
 *
 * 1. A fault begins once the tasks of its place in the plan are accepted and the fault before is over.
 * 2. While it lasts, tasks are accepted up to half-way to the next one's place. The other half is accepted when it is over,
 *    so that each fault finds work under way, however long the one before took.
 */
export class FaultSchedule {
  done = 0;

  constructor(plan, { world, gate, say, signal }) {
    Object.assign(this, { plan, world, gate, say, signal });
  }

  async run() {
    for (const [index, fault] of this.plan.entries()) {
      this.gate.open(fault.afterTasks);
      await this.gate.accepted(fault.afterTasks);
      this.signal.throwIfAborted();
      const next = this.plan[index + 1]?.afterTasks ?? Infinity;
      this.gate.open(next === Infinity ? next : Math.ceil((fault.afterTasks + next) / 2));
      await this.perform(fault);
    }
    this.gate.open(Infinity);
  }

  async perform(fault) {
    const since = Date.now();
    this.present = fault;
    await performFault(this.world, fault);
    this.done += 1;
    const { fault: kind, target = '' } = fault;
    this.say(
      `Fault ${this.done} of ${this.plan.length}: ${kind} ${target} (${((Date.now() - since) / 1000).toFixed(1)} s)`,
    );
  }
}
