import type { MessagePublisher } from '@mentorhub/messaging';
import type { DataSource, EntityManager } from 'typeorm';
import { AfterCommit, type Writing } from './enqueue/after-commit.js';
import { DatabaseClock } from './database-clock.js';
import { Endings } from './endings/endings.js';
import { EnqueueLine } from './enqueue/enqueue-line.js';
import { insertEvents, type NewEvent } from './enqueue/insert-events.js';
import { insertTasks, type InsertedTask, type NewTask } from './enqueue/insert-tasks.js';
import { moveTask, type Move } from './enqueue/move-task.js';
import { Flow } from './flow/flow.js';
import { History } from './history/history.js';
import { Inbox } from './inbox/inbox.js';
import type { Logger } from './logger.js';
import { EventOutbox } from './outbox/event-outbox.js';
import { FirstLease, type Outbox, type OutboxItem } from './outbox/outbox.js';
import { Relay } from './outbox/relay.js';
import { TaskOutbox } from './outbox/task-outbox.js';
import { Revocations, type Revocation } from './revocations/revocations.js';
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
  readonly clock: DatabaseClock;
  readonly history: History;
  readonly revocations: Revocations;
  readonly flow: Flow;
  readonly relay: Relay;
  private readonly commits: AfterCommit;
  private readonly line: EnqueueLine;
  private readonly taskOutbox: TaskOutbox;
  private readonly eventOutbox: EventOutbox;

  constructor(private readonly options: TaskStoreOptions) {
    const { dataSource, publisher, logger, producer } = options;
    this.history = new History(dataSource);
    this.revocations = new Revocations(dataSource);
    this.flow = new Flow(dataSource);
    this.commits = new AfterCommit(dataSource);
    this.line = new EnqueueLine((tasks) => this.write(tasks, dataSource.manager));
    this.clock = new DatabaseClock(dataSource);
    this.taskOutbox = new TaskOutbox(dataSource, options.taskExchange, producer);
    this.eventOutbox = new EventOutbox(dataSource, producer);
    this.relay = new Relay({ outboxes: [this.taskOutbox, this.eventOutbox], publisher, logger, clock: this.clock });
  }

  get dataSource(): DataSource {
    return this.options.dataSource;
  }

  /**
   * Accepts tasks: durable when this resolves or, with a transaction, when its outermost one commits.
   *
   * @throws {OverloadError} without a transaction: too many tasks of this process wait to be written already.
   */
  async enqueue(tasks: readonly NewTask[], tx: EntityManager = this.dataSource.manager): Promise<InsertedTask[]> {
    const inserted = await (tx.queryRunner ? this.write(tasks, tx) : this.line.add(tasks));
    for (const task of tasks) if (task.delaySeconds) this.relay.wakeAt(task.delaySeconds);
    return inserted;
  }

  /** Moves a task that is not published yet; the relay of this process looks again at once. */
  async reschedule(id: string, dueAt: Date): Promise<Move> {
    const move = await moveTask(this.dataSource, id, dueAt);
    if (move.answer === 'moved') this.relay.wake();
    return move;
  }

  /** Stores messages that are published once the transaction has committed, and deleted once confirmed. */
  async publishLater(events: readonly NewEvent[], tx: EntityManager = this.dataSource.manager): Promise<void> {
    const writing = this.commits.writing(tx, events.length);
    const leaseSeconds = this.leaseSeconds(writing.rows);
    const lease = new FirstLease(leaseSeconds);
    const inserted = await insertEvents(tx, events, leaseSeconds);
    if (leaseSeconds === 0) this.commits.run(tx, () => this.relay.wake());
    else this.publishWritten(writing, lease, this.eventOutbox, this.eventOutbox.inserted(events, inserted));
  }

  /**
   * Revokes as {@link Revocations.revoke} does, in a transaction or by itself: what this very transaction enqueued before is not
   * published without a look at it.
   *
   * @param committed is called once the revocation is there for sure, and never when it was rolled back.
   */
  async revoke(
    id: string,
    terminate: boolean,
    light: boolean,
    tx: EntityManager = this.dataSource.manager,
    committed: (revocation: Revocation) => void = () => undefined,
  ): Promise<Revocation> {
    this.commits.distrust(tx);
    const writing = this.commits.writing(tx, 0);
    const revocation = await this.revocations.revoke(id, terminate, light, tx);
    writing.afterCommit((certain) => {
      if (certain) committed(revocation);
      else void this.isRevoked(id, revocation).then((there) => there && committed(revocation));
    });
    return revocation;
  }

  /** Whether a revocation has been committed, as far as can be known. */
  private async isRevoked(taskId: string, revocation: Revocation): Promise<boolean> {
    if (revocation.answer !== 'revoked' && revocation.answer !== 'revoking') return false;
    return this.revocations.has(this.dataSource.manager, { taskId, run: revocation.run }).catch(() => false);
  }

  private async write(tasks: readonly NewTask[], tx: EntityManager): Promise<InsertedTask[]> {
    const writing = this.commits.writing(tx, tasks.length);
    const leaseSeconds = this.leaseSeconds(writing.rows);
    const lease = new FirstLease(leaseSeconds);
    const inserted = await insertTasks(tx, tasks, leaseSeconds);
    if (leaseSeconds === 0) this.commits.run(tx, () => this.relay.wake());
    else this.publishWritten(writing, lease, this.taskOutbox, this.taskOutbox.inserted(tasks, inserted));
    return inserted;
  }

  /** Rows that are certainly there are published as they were written; others are looked at first. */
  private publishWritten(writing: Writing, lease: FirstLease, outbox: Outbox, items: readonly OutboxItem[]): void {
    if (items.length === 0) return;
    const ids = items.map(({ id }) => id);
    writing.afterCommit((certain) => {
      if (certain && lease.holds) this.relay.publishWritten(outbox, items);
      else this.relay.publishNow(outbox, ids);
    });
  }

  /**
   * How long this process may take to publish what it inserts before any relay does. Not at all without a broker or behind
   * others in the publisher's line, and not beyond a hundred rows of one transaction: the relay takes those in portions and
   * with a longer lease, so that a flood never outruns the publisher or its lease.
   */
  private leaseSeconds(rows: number): number {
    const { hasRoom, crowded } = this.options.publisher;
    return hasRoom && !crowded && rows <= mostRowsPublishedAtOnce ? firstLeaseSeconds : 0;
  }

  /** The state of a task that exists. @throws {Error} there is no such task. */
  async stateOf(id: string, tx: EntityManager = this.dataSource.manager): Promise<TaskState> {
    const rows: { state: TaskState }[] = await tx.query(`SELECT state FROM tasks.task WHERE id = $1`, [id]);
    if (!rows[0]) throw new Error(`There is no task ${id}.`);
    return rows[0].state;
  }
}
