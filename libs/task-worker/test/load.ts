import { eventually } from '@mentorhub/testing';
import { setTimeout as pause } from 'node:timers/promises';
import type { Tasks } from '@mentorhub/tasks';
import type { QuickCall } from './quick-call.js';
import { Call, Record } from './example-tasks.js';

const burst = 10;
const burstEveryMs = 100;

/**
 * Enqueues tasks with database and with external effects, about a hundred a second, until it is stopped. What could not be
 * enqueued is not counted: nobody was told that it was accepted.
 */
export class Load {
  /** The ids of the tasks that were accepted. */
  readonly accepted = { record: [] as string[], call: [] as string[] };
  refused = 0;
  private stopping = false;
  private readonly running: Promise<void>;

  /** @param call the task with external effects */
  constructor(
    private readonly tasks: Tasks,
    private readonly call: typeof Call | typeof QuickCall = Call,
  ) {
    this.running = this.run();
  }

  get all(): string[] {
    return [...this.accepted.record, ...this.accepted.call];
  }

  /** Resolves when this many more have been accepted. */
  async more(count: number): Promise<void> {
    const wanted = this.all.length + count;
    await eventually(() => this.all.length >= wanted, { what: `${count} more tasks accepted` });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      await Promise.all(Array.from({ length: burst }, (_, n) => this.enqueue(n % 2 === 0 ? 'record' : 'call')));
      await pause(burstEveryMs);
    }
  }

  private async enqueue(kind: 'record' | 'call'): Promise<void> {
    const payload = { note: kind };
    try {
      const { id } = await (kind === 'record'
        ? this.tasks.enqueue(Record, payload)
        : this.tasks.enqueue(this.call, payload));
      this.accepted[kind].push(id);
    } catch {
      this.refused += 1;
    }
  }
}
