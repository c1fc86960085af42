import type { Broker } from '@mentorhub/messaging';
import { isTerminal, type TaskRecord, type TaskStore } from '@mentorhub/task-store';
import { EndEvents } from './end-events.js';
import { EndReader } from './end-reader.js';
import type { TaskEnd } from './task-end.js';

export interface TaskResultsOptions {
  readonly store: TaskStore;
  readonly broker: Broker;
  /** The exchange that workers tell task events on. */
  readonly exchange: string;
  /** What this process is called among its replicas. */
  readonly worker: string;
  /** When it fires, everybody who waits is answered at once, so that a shutdown waits for nobody. */
  readonly stopping: AbortSignal;
  /** How long the process goes on listening after the last waiter has left, in seconds. Default 30. */
  readonly lingerSeconds?: number;
}

interface Waiter {
  /** An end of an earlier run is none: the task was replayed since. */
  readonly fromRun: number;
  readonly answer: (end: TaskEnd | undefined) => void;
}

const lookEveryMs = 1_000;
/** A read that has not answered this long after the time was over will not: PostgreSQL is silent. */
const graceMs = 2_000;
const longestTimerMs = 2 ** 31 - 1;

/**
 * Waits for tasks to end.
 *
 * 1. While somebody waits, the process listens to the events of all tasks; the event that tells the end answers.
 * 2. PostgreSQL is read when a waiter comes and whenever the subscription begins or comes back, since what was told before
 *    was not heard, and once per second for all waiters together, so that ends are seen with the broker away, too.
 * 3. While nobody waits, nothing is read, and after a while nothing is listened to.
 */
export class TaskResults {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly events: EndEvents;
  private readonly reader: EndReader;
  private looking: NodeJS.Timeout | undefined;

  constructor(private readonly options: TaskResultsOptions) {
    const onEnd = (end: TaskEnd) => this.ended(end);
    this.reader = new EndReader(options.store, onEnd);
    this.events = new EndEvents({
      lingerSeconds: 30,
      ...options,
      waited: this.waiters,
      onEnd,
      onListening: () => void this.reader.look(this.waiters.keys()),
    });
    options.stopping.addEventListener('abort', () => this.stop(), { once: true });
  }

  /**
   * The task once it has ended, or as it is after `seconds`; undefined when there is no row of it.
   *
   * @throws {NoAnswerError} PostgreSQL has not said within `seconds` and 2 s more whether there is such a task.
   */
  async wait(id: string, seconds: number): Promise<TaskRecord | undefined> {
    const { store, stopping } = this.options;
    const task = await within(seconds * 1000 + graceMs, store.history.find(id), () => {
      throw new NoAnswerError();
    });
    if (!task || isTerminal(task.state) || seconds <= 0 || stopping.aborted) return task;
    const end = await this.untilEnded(task.id, seconds, task.run);
    return end ? { ...task, ...end } : within(graceMs, store.history.find(id), () => task);
  }

  /**
   * How a task ended that need not have a row; undefined when it has not within `seconds`. Whoever asks is answered at most 2 s
   * later than that, also when PostgreSQL is silent.
   *
   * @param id a UUID in lower case.
   * @throws {ShutdownError} the service stops.
   */
  async end(id: string, seconds: number): Promise<TaskEnd | undefined> {
    const { stopping } = this.options;
    stopping.throwIfAborted();
    const end = await this.untilEnded(id, seconds, 1);
    if (!end) stopping.throwIfAborted();
    return end;
  }

  private untilEnded(id: string, seconds: number, fromRun: number): Promise<TaskEnd | undefined> {
    return new Promise((resolve) => {
      const answer = (end: TaskEnd | undefined) => {
        clearTimeout(timeout);
        this.remove(id, waiter);
        resolve(end);
      };
      const waiter: Waiter = { fromRun, answer };
      this.add(id, waiter);
      const looked = this.reader.look([id]);
      // However short the time is, one read belongs into it.
      const giveUp = () => void within(graceMs, looked, () => undefined).then(() => answer(undefined));
      const timeout = setTimeout(giveUp, Math.min(seconds * 1000, longestTimerMs));
    });
  }

  private add(id: string, waiter: Waiter): void {
    const others = this.waiters.get(id);
    if (others) others.add(waiter);
    else this.waiters.set(id, new Set([waiter]));
    this.looking ??= setInterval(() => void this.reader.look(this.waiters.keys()), lookEveryMs);
    this.events.listen();
  }

  private remove(id: string, waiter: Waiter): void {
    const waiters = this.waiters.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiters.delete(id);
    if (this.waiters.size > 0 || !this.looking) return;
    clearInterval(this.looking);
    this.looking = undefined;
    this.events.leave();
  }

  private ended(end: TaskEnd): void {
    for (const waiter of this.waiters.get(end.id) ?? []) if (end.run >= waiter.fromRun) waiter.answer(end);
  }

  private stop(): void {
    for (const waiters of this.waiters.values()) for (const { answer } of waiters) answer(undefined);
    this.events.stop();
  }
}

/** PostgreSQL is silent. */
class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  /** The code of a network that gave up, so that everybody takes it for that. */
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('PostgreSQL did not answer in time.');
  }
}

/** What `reading` comes to, or what `otherwise` does when that takes too long. */
async function within<T>(milliseconds: number, reading: Promise<T>, otherwise: () => T): Promise<T> {
  const { promise: silent, resolve } = Promise.withResolvers<void>();
  const timeout = setTimeout(resolve, Math.min(milliseconds, longestTimerMs));
  reading.catch(() => undefined); // it may fail when nobody waits for it any more
  return Promise.race([reading, silent.then(otherwise)]).finally(() => clearTimeout(timeout));
}
