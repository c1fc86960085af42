import { isTerminal } from '@mentorhub/task-store';
import type { EntityManager } from 'typeorm';
import { waits, type Job } from './test-task.js';
import { TestTasksError } from './test-tasks-error.js';
import type { VirtualClock } from './virtual-clock.js';

export interface WorkListOptions {
  readonly clock: VirtualClock;
  readonly eager: boolean;
  readonly propagateErrors: boolean;
  readonly hasHandler: (name: string) => boolean;
  /** Runs one attempt, and leaves its outcome in the job. */
  readonly attempt: (job: Job) => Promise<void>;
}

/** Something that runs on and on without an end is a mistake of the test, or found by it. */
const mostAttempts = 5_000;

/** Everything that was enqueued, and the order in which it is run. */
export class WorkList {
  private accepted: Job[] = [];
  private readonly byId = new Map<string, Job>();
  /** Of these, the ones that are not over, as far as somebody has looked. */
  private open: Job[] = [];
  /** Eager: how many tasks are running inside each other. */
  private nested = 0;
  /** Eager: what a handler enqueued in its transaction, to be run once its own outcome is there. */
  private readonly released: Job[] = [];
  private readonly held = new Map<EntityManager, Job[]>();

  constructor(private readonly options: WorkListOptions) {}

  get jobs(): readonly Job[] {
    return this.accepted;
  }

  find(id: string): Job | undefined {
    return this.byId.get(id) ?? [...this.held.values()].flat().find((job) => job.id === id);
  }

  clear(): void {
    this.accepted = [];
    this.open = [];
    this.byId.clear();
  }

  /** With the transaction of a handler that runs, they are accepted when it has succeeded. */
  async accept(jobs: readonly Job[], tx: EntityManager | undefined): Promise<void> {
    const held = tx && this.held.get(tx);
    if (held) return void held.push(...jobs);
    this.add(jobs);
    if (this.options.eager) for (const job of jobs) await this.finish(job);
  }

  /** Keeps what is accepted with this transaction while `work` runs, and forgets it when that fails. */
  async holding<T>(tx: EntityManager, work: () => Promise<T>): Promise<T> {
    const held: Job[] = [];
    this.held.set(tx, held);
    try {
      const answer = await work();
      this.add(held);
      this.released.push(...held);
      return answer;
    } finally {
      this.held.delete(tx);
    }
  }

  /** Runs what is due until then, in the order in which it falls due, and moves the time there. */
  async runUntil(instant: number, isOver: () => boolean = () => false): Promise<Job[]> {
    const { clock } = this.options;
    const ran = new Set<Job>();
    for (let attempts = 0; !isOver(); attempts += 1) {
      const job = this.nextDue(Math.max(instant, clock.now));
      if (!job) break;
      if (attempts === mostAttempts) throw runaway(job);
      clock.moveTo(job.dueAt.getTime());
      await this.attempt(job);
      ran.add(job);
    }
    if (!isOver()) clock.moveTo(instant);
    return [...ran];
  }

  private add(jobs: readonly Job[]): void {
    this.accepted.push(...jobs);
    this.open.push(...jobs);
    for (const job of jobs) this.byId.set(job.id, job);
  }

  /** Eager: runs it to its end, without waiting for anything. */
  private async finish(job: Job): Promise<void> {
    this.nested += 1;
    try {
      await Promise.resolve(); // so that tasks that enqueue each other do not pile up on the stack
      while (waits(job) && this.options.hasHandler(job.name)) {
        if (this.nested + job.attempts.length > mostAttempts) throw runaway(job);
        await this.attempt(job);
      }
    } finally {
      this.nested -= 1;
    }
  }

  private async attempt(job: Job): Promise<void> {
    const { attempt, propagateErrors, eager } = this.options;
    await attempt(job);
    const released = this.released.splice(0);
    if (eager) for (const child of released) await this.finish(child);
    if (propagateErrors && job.state === 'failed') throw job.attempts.at(-1)?.error;
  }

  private nextDue(latest: number): Job | undefined {
    this.open = this.open.filter(({ state }) => !isTerminal(state));
    let next: Job | undefined;
    for (const job of this.open) {
      if (!waits(job) || job.dueAt.getTime() > latest || !this.options.hasHandler(job.name)) continue;
      if (!next || job.dueAt < next.dueAt) next = job;
    }
    return next;
  }
}

const runaway = ({ name }: Job): TestTasksError =>
  new TestTasksError(
    `${mostAttempts} attempts were run, the last one of "${name}", and there is no end to it: ` +
      'does a task enqueue itself, or ask for RetryLater again and again?',
  );
