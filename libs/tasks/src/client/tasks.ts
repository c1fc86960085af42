import { PublishError, type MessagePublisher } from '@mentorhub/messaging';
import { taskMetrics } from '@mentorhub/metrics';
import { taskHeaders, taskMessage, type NewTask, type TaskState, type TaskStore } from '@mentorhub/task-store';
import { currentTraceHeaders } from '@mentorhub/tracing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import {
  queueFor,
  type AnyEventContract,
  type AnyTaskContract,
  type Catalogue,
  type PayloadInput,
} from '../define/index.js';
import type { PayloadCipher } from '../payload/payload-cipher.js';
import { checkPayload, encodePayload } from '../payload/payload-codec.js';

export interface EnqueueOptions {
  /** A task with this id that exists already is left as it is, which makes enqueueing repeatable. Default: a new UUIDv7. */
  readonly id?: string | undefined;
  /** Joins this transaction: the task exists if and only if it commits. */
  readonly tx?: EntityManager | undefined;
  /** Not before this instant; a past one means now. */
  readonly eta?: Date | undefined;
  /** Not before this many seconds from now; zero or less means now. */
  readonly countdownSeconds?: number | undefined;
  /** Not after this instant: a task that still waits then ends as `expired`. */
  readonly expires?: Date | undefined;
  /** Overrides the routing table; must be one of its queues. */
  readonly queue?: string | undefined;
  /** A row even where none is needed, so that the task can be read by its id at once. Default false. */
  readonly tracked?: boolean | undefined;
  /** The task that this one was enqueued by. */
  readonly parent?: { readonly id: string; readonly root: string } | undefined;
}

export interface EnqueuedTask {
  readonly id: string;
  readonly state: TaskState;
  /** False when a task with the id that the caller chose was there already. */
  readonly created: boolean;
}

export interface EnqueueRequest<C extends AnyTaskContract = AnyTaskContract> {
  readonly contract: C;
  readonly payload: PayloadInput<C>;
  readonly options?: Omit<EnqueueOptions, 'id' | 'tx' | 'tracked'>;
}

export interface TasksOptions {
  readonly catalogue: Catalogue;
  readonly store: TaskStore;
  readonly publisher: MessagePublisher;
  readonly cipher: PayloadCipher;
  readonly exchanges: { readonly tasks: string; readonly events: string };
  readonly producer: string;
}

/** Enqueues tasks and publishes domain events. */
export class Tasks {
  constructor(private readonly options: TasksOptions) {}

  /**
   * Enqueues one task. Without `tx` it is durable when this resolves; with `tx`, when that transaction commits.
   *
   * A task with `idempotent` effects, due now and outside a transaction, is published with a confirm and has no row until
   * its first event; while the broker does not take it, it becomes a row like the others.
   *
   * @throws {InvalidPayloadError} the payload does not fit the contract.
   * @example await tasks.enqueue(SendVerificationEmail, { email, username, token }, { tx });
   */
  async enqueue<C extends AnyTaskContract>(
    contract: C,
    payload: PayloadInput<C>,
    options: EnqueueOptions = {},
  ): Promise<EnqueuedTask> {
    const task = this.newTask(contract, payload, options);
    if (this.mayGoDirectly(contract, task, options) && (await this.publishDirectly(task))) {
      taskMetrics.accepted.inc({ task: contract.name });
      return { id: task.id, state: 'queued', created: true };
    }
    const [enqueued] = await this.store([task], options.tx);
    return enqueued ?? { id: task.id, state: await this.options.store.stateOf(task.id, options.tx), created: false };
  }

  /**
   * Enqueues many tasks in one statement: all of them or none.
   *
   * @throws {InvalidPayloadError} for the first payload that does not fit.
   */
  async enqueueMany(requests: readonly EnqueueRequest[], tx?: EntityManager): Promise<EnqueuedTask[]> {
    return this.store(
      requests.map(({ contract, payload, options }) => this.newTask(contract, payload, options ?? {})),
      tx,
    );
  }

  /**
   * Tells a domain event to whoever subscribes, once the transaction has committed.
   *
   * @throws {InvalidPayloadError} the payload does not fit the contract.
   */
  async publish<E extends AnyEventContract>(
    event: E,
    payload: PayloadInput<E>,
    { tx }: { readonly tx: EntityManager },
  ): Promise<{ id: string }> {
    const id = uuidv7();
    const body = Buffer.from(JSON.stringify(checkPayload(event, payload)));
    const headers = { ...currentTraceHeaders(), [taskHeaders.version]: String(event.version) };
    const exchange = this.options.exchanges.events;
    await this.options.store.publishLater(
      [{ id, exchange, routingKey: event.name, name: event.name, body, headers }],
      tx,
    );
    return { id };
  }

  private newTask<C extends AnyTaskContract>(contract: C, payload: PayloadInput<C>, options: EnqueueOptions): NewTask {
    const id = options.id ?? uuidv7();
    const checked = checkPayload(contract, payload) as Record<string, unknown>;
    const { parent } = options;
    return {
      id,
      name: contract.name,
      version: contract.version,
      queue: this.queueOf(contract, options.queue),
      payload: encodePayload(contract, checked, id, this.options.cipher),
      headers: {
        ...currentTraceHeaders(),
        ...(parent && { [taskHeaders.parent]: parent.id, [taskHeaders.root]: parent.root }),
      },
      dueAt: options.eta,
      delaySeconds: options.countdownSeconds,
      expiresAt: options.expires,
    };
  }

  private queueOf(contract: AnyTaskContract, wanted: string | undefined): string {
    const { catalogue } = this.options;
    if (wanted === undefined) return queueFor(catalogue.routes, contract.name);
    if (catalogue.queues.includes(wanted)) return wanted;
    throw new RangeError(`There is no queue "${wanted}"; there are ${catalogue.queues.join(', ')}.`);
  }

  private async store(tasks: readonly NewTask[], tx: EntityManager | undefined): Promise<EnqueuedTask[]> {
    const inserted = new Map((await this.options.store.enqueue(tasks, tx)).map((row) => [row.id, row]));
    // RETURNING promises no order; callers get theirs.
    return tasks.flatMap(({ id, name }) => {
      const row = inserted.get(id);
      if (row) taskMetrics.accepted.inc({ task: name });
      return row ? [{ id, state: row.state, created: true }] : [];
    });
  }

  private mayGoDirectly(contract: AnyTaskContract, task: NewTask, options: EnqueueOptions): boolean {
    const needsRow = options.id !== undefined || task.dueAt !== undefined || (task.delaySeconds ?? 0) > 0;
    return (
      contract.effects === 'idempotent' && !options.tx && !options.tracked && !needsRow && this.options.publisher.ready
    );
  }

  private async publishDirectly(task: NewTask): Promise<boolean> {
    const { exchanges, producer, publisher } = this.options;
    try {
      const attempt = { run: 1, attempt: 1, dueAt: new Date(), expiresAt: task.expiresAt };
      await publisher.publish(taskMessage({ ...task, ...attempt, exchange: exchanges.tasks, producer }));
      return true;
    } catch (error) {
      // It may have arrived all the same; as a row it may then run twice, which `idempotent` allows.
      if (error instanceof PublishError) return false;
      throw error;
    }
  }
}
