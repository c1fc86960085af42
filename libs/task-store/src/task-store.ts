import type { MessagePublisher } from '@mentorhub/messaging';
import type { DataSource, EntityManager } from 'typeorm';
import { AfterCommit } from './enqueue/after-commit.js';
import { DatabaseClock } from './database-clock.js';
import { Endings } from './endings/endings.js';
import { insertEvents, type NewEvent } from './enqueue/insert-events.js';
import { insertTasks, type InsertedTask, type NewTask } from './enqueue/insert-tasks.js';
import { moveTask, type Move } from './enqueue/move-task.js';
import { Flow } from './flow/flow.js';
import { History } from './history/history.js';
import { Inbox } from './inbox/inbox.js';
import type { Logger } from './logger.js';
import { EventOutbox } from './outbox/event-outbox.js';
import { Relay } from './outbox/relay.js';
import { TaskOutbox } from './outbox/task-outbox.js';
import { Revocations } from './revocations/revocations.js';
import type { TaskState } from './states.js';

export interface TaskStoreOptions {
  readonly dataSource: DataSource;
  readonly publisher: MessagePublisher;
  /** The exchange that task messages are published to. */
  readonly taskExchange: string;
  /** The service's name; `app_id` of what it publishes. */
  readonly producer: string;
  readonly logger: Logger;
}

const firstLeaseSeconds = 5;
const mostRowsPublishedAtOnce = 100;

/** The schema `tasks` of one process: what it enqueues, relays, claims and reads goes through here. */
export class TaskStore {
  readonly inbox = new Inbox();
  readonly endings = new Endings();
  readonly clock = new DatabaseClock();
  readonly history: History;
  readonly revocations: Revocations;
  readonly flow: Flow;
  readonly relay: Relay;
  private readonly commits: AfterCommit;
  private readonly taskOutbox: TaskOutbox;
  private readonly eventOutbox: EventOutbox;

  constructor(private readonly options: TaskStoreOptions) {
    const { dataSource, publisher, logger, producer } = options;
    this.history = new History(dataSource);
    this.revocations = new Revocations(dataSource);
    this.flow = new Flow(dataSource);
    this.commits = new AfterCommit(dataSource);
    this.taskOutbox = new TaskOutbox(dataSource, options.taskExchange, producer, this.clock);
    this.eventOutbox = new EventOutbox(dataSource, producer);
    this.relay = new Relay({ outboxes: [this.taskOutbox, this.eventOutbox], publisher, logger });
  }

  get dataSource(): DataSource {
    return this.options.dataSource;
  }

  /** Accepts tasks: durable when this resolves or, with `tx`, when its outermost transaction commits. */
  async enqueue(tasks: readonly NewTask[], tx: EntityManager = this.dataSource.manager): Promise<InsertedTask[]> {
    const leaseSeconds = this.leaseSeconds(tasks.length);
    const inserted = await insertTasks(tx, tasks, leaseSeconds);
    const due = inserted.filter(({ state }) => state === 'queued').map(({ id }) => id);
    if (leaseSeconds === 0) this.afterCommit(tx, () => this.relay.wake());
    else if (due.length > 0) this.afterCommit(tx, () => this.relay.publishNow(this.taskOutbox, due));
    for (const task of tasks) if (task.delaySeconds) this.relay.wakeAt(task.delaySeconds);
    return inserted;
  }

  /** Runs a callback once `tx` has committed; at once when it is no transaction. */
  afterCommit(tx: EntityManager, callback: () => void): void {
    this.commits.run(tx, callback);
  }

  /** Moves a task that is not published yet; the relay of this process looks again at once. */
  async reschedule(id: string, dueAt: Date): Promise<Move> {
    const move = await moveTask(this.dataSource, id, dueAt);
    if (move.answer === 'moved') this.relay.wake();
    return move;
  }

  /** Stores messages that are published once the transaction has committed, and deleted once confirmed. */
  async publishLater(events: readonly NewEvent[], tx: EntityManager = this.dataSource.manager): Promise<void> {
    const leaseSeconds = this.leaseSeconds(events.length);
    await insertEvents(tx, events, leaseSeconds);
    if (leaseSeconds === 0) return;
    const ids = events.map(({ id }) => id);
    this.afterCommit(tx, () => this.relay.publishNow(this.eventOutbox, ids));
  }

  /**
   * How long this process may take to publish what it inserts before any relay does. Not at all without a broker, and not
   * for many rows at once: the relay takes those in portions, so that a flood never outruns the publisher or its lease.
   */
  private leaseSeconds(rows: number): number {
    return this.options.publisher.ready && rows <= mostRowsPublishedAtOnce ? firstLeaseSeconds : 0;
  }

  /** The state of a task that exists. @throws {Error} there is no such task. */
  async stateOf(id: string, tx: EntityManager = this.dataSource.manager): Promise<TaskState> {
    const rows: { state: TaskState }[] = await tx.query(`SELECT state FROM tasks.task WHERE id = $1`, [id]);
    if (!rows[0]) throw new Error(`There is no task ${id}.`);
    return rows[0].state;
  }
}
