import { type TaskEvent, type TaskStore } from '@mentorhub/task-store';
import { endTold, type TaskEnd } from './task-end.js';

/**
 * Reads from PostgreSQL which tasks have ended. One read at a time for however many ask: those who ask during a read
 * share the next one.
 */
export class EndReader {
  private asked = new Set<string>();
  private current: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;

  constructor(
    private readonly store: TaskStore,
    private readonly onEnd: (end: TaskEnd) => void,
  ) {}

  /** Resolves when a read that began after the call is over; one that failed is over too, since another follows. */
  look(ids: Iterable<string>): Promise<void> {
    for (const id of ids) this.asked.add(id);
    this.next ??= this.readAfter(this.current);
    return this.next;
  }

  private async readAfter(before: Promise<void>): Promise<void> {
    await before;
    this.current = this.next ?? before;
    this.next = undefined;
    const ids = [...this.asked];
    this.asked = new Set();
    try {
      for (const end of await this.endsOf(ids)) this.onEnd(end);
    } catch {
      // The database is away. Whoever waits learns of the end from its event, from a later read, or not in time.
    }
  }

  /** The inbox knows an end before its event is published, the row only once the event is in the history. */
  private async endsOf(ids: readonly string[]): Promise<TaskEnd[]> {
    if (ids.length === 0) return [];
    const { history, inbox, dataSource } = this.store;
    const rows = await history.findEnded(ids);
    const ended = new Set(rows.map(({ id }) => id));
    const others = ids.filter((id) => !ended.has(id));
    if (others.length === 0) return rows;
    const outcomes = await inbox.outcomesOf<{ event: TaskEvent }>(dataSource.manager, others);
    return [...rows, ...outcomes.flatMap(({ event }) => endTold(event) ?? [])];
  }
}
