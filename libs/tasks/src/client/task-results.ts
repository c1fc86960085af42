import { isTerminal, type TaskRecord, type TaskStore } from '@mentorhub/task-store';

const lookEveryMs = 50;

/**
 * Waits for tasks to end. However many wait, a process asks the database once per 50 ms for all of them, and not at all
 * while nobody waits.
 */
export class TaskResults {
  private readonly waiters = new Map<string, Set<(task: TaskRecord) => void>>();
  private timer: NodeJS.Timeout | undefined;

  /** When `stopping` fires, everybody who waits is answered at once, so that a shutdown waits for nobody. */
  constructor(
    private readonly store: TaskStore,
    private readonly stopping: AbortSignal,
  ) {}

  /** The task once it has ended, or as it is after `seconds`; undefined when there is no such task. */
  async wait(id: string, seconds: number): Promise<TaskRecord | undefined> {
    const task = await this.store.history.find(id);
    if (!task || isTerminal(task.state) || seconds <= 0 || this.stopping.aborted) return task;
    return (await this.ended(task.id, seconds)) ?? this.store.history.find(id);
  }

  private ended(id: string, seconds: number): Promise<TaskRecord | undefined> {
    return new Promise((resolve) => {
      const done = (task?: TaskRecord) => {
        clearTimeout(timeout);
        this.stopping.removeEventListener('abort', giveUp);
        this.remove(id, done);
        resolve(task);
      };
      const giveUp = () => done();
      const timeout = setTimeout(giveUp, seconds * 1000);
      this.stopping.addEventListener('abort', giveUp);
      this.waiters.set(id, (this.waiters.get(id) ?? new Set()).add(done));
      this.lookSoon();
    });
  }

  private remove(id: string, waiter: (task: TaskRecord) => void): void {
    const waiters = this.waiters.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiters.delete(id);
  }

  private lookSoon(): void {
    if (this.timer || this.waiters.size === 0) return;
    this.timer = setTimeout(() => void this.look(), lookEveryMs);
  }

  private async look(): Promise<void> {
    try {
      for (const task of await this.store.history.findEnded([...this.waiters.keys()])) {
        for (const waiter of this.waiters.get(task.id) ?? []) waiter(task);
      }
    } catch {
      // The database is away: the waiters are told the state at their time-out, by a read that answers for itself.
    } finally {
      this.timer = undefined;
      this.lookSoon();
    }
  }
}
