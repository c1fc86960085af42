import { randomUUIDv7 } from 'node:crypto';
import { PublishError, type MessagePublisher } from '@mentorhub/messaging';
import { taskMetrics } from '@mentorhub/metrics';
import {
  OverloadError,
  taskHeaders,
  toTaskId,
  type Move,
  type NewTask,
  type Revocation,
  type TaskStore,
} from '@mentorhub/task-store';
import { currentTraceHeaders } from '@mentorhub/tracing';
import type { EntityManager } from 'typeorm';
import { revokeMessage, type Revoke } from '../messages/control-messages.js';
import { chooseQueue } from '@mentorhub/task-contracts';
import {
  retryPolicy,
  type AnyEventContract,
  type AnyTaskContract,
  type Catalogue,
  type PayloadInput,
  type Result,
  type RetryPolicy,
} from '@mentorhub/task-contracts';
import type { PayloadCipher } from '../payload/payload-cipher.js';
import { checkPayload, encodeBody, encodePayload } from '../payload/payload-codec.js';
import { AcceptedTask, type EnqueuedTask, type ResultOptions } from './enqueued-task.js';
import { publishDirectly } from './publish-directly.js';
import { resultOf } from './result-of.js';
import type { TaskResults } from './task-results.js';
import { finite, writable } from '../messages/times.js';

export interface EnqueueOptions {
  /**
   * A UUID, in upper or lower case. A task with this id that exists already is left as it is, which makes enqueueing
   * repeatable. Default: a new UUIDv7.
   */
  readonly id?: string | undefined;
  /** Joins this transaction: the task exists if and only if it commits. */
  readonly tx?: EntityManager | undefined;
  /** Not before this instant; a past one means now. */
  readonly eta?: Date | undefined;
  /** Not before this many seconds from now; zero or less means now. */
  readonly countdownSeconds?: number | undefined;
  /** Not after this instant: a task that still waits then ends as `expired`. */
  readonly expires?: Date | undefined;
  /** Overrides parts of the contract's retry policy. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Overrides the routing table; must be one of its queues. */
  readonly queue?: string | undefined;
  /** A row even where none is needed, so that the task can be read by its id at once. Default false. */
  readonly tracked?: boolean | undefined;
  /** The task that this one was enqueued by. */
  readonly parent?: { readonly id: string; readonly root: string } | undefined;
}

export interface EnqueueRequest<C extends AnyTaskContract = AnyTaskContract> {
  readonly contract: C;
  readonly payload: PayloadInput<C>;
  readonly options?: Omit<EnqueueOptions, 'tx' | 'tracked'>;
}

export interface RevokeOptions {
  /** Also end a run that is under way. Default false. */
  readonly terminate?: boolean | undefined;
  /** Joins this transaction: the task is revoked if and only if it commits. The task's row is locked until then. */
  readonly tx?: EntityManager | undefined;
}

export interface TasksOptions {
  readonly catalogue: Catalogue;
  readonly store: TaskStore;
  readonly publisher: MessagePublisher;
  readonly cipher: PayloadCipher;
  readonly exchanges: { readonly tasks: string; readonly events: string; readonly control: string };
  readonly producer: string;
  /** Waits for results; a process that has none can only enqueue. */
  readonly results?: Pick<TaskResults, 'end'>;
}

/** A task and the contract that it was enqueued by. */
interface OwnTask<C extends AnyTaskContract> {
  readonly contract: C;
  readonly task: NewTask;
}

/** Enqueues tasks, publishes domain events, and waits for results. */
export class Tasks {
  constructor(private readonly options: TasksOptions) {}

  /**
   * Enqueues one task. Without `tx` it is durable when this resolves; with `tx`, when that transaction commits.
   *
   * A task with `idempotent` effects, due now and outside a transaction, is published with a confirm and has no row until
   * its first event; while the broker does not take it, it becomes a row like the others.
   *
   * @throws {InvalidPayloadError} the payload does not fit the contract.
   * @throws {OverloadError} without `tx`: 10,000 tasks of this process wait to be written already, or this one waited for 10 s.
   * @throws {RangeError} `id` is no UUID; a time is none, or lies outside of the years 1 to 9999.
   * @example await tasks.enqueue(SendVerificationEmail, { email, username, token }, { tx });
   * @example const { messageId } = await (await tasks.enqueue(SendEmail, mail)).result({ timeoutSeconds: 10 });
   */
  async enqueue<C extends AnyTaskContract>(
    contract: C,
    payload: PayloadInput<C>,
    options: EnqueueOptions = {},
  ): Promise<EnqueuedTask<C>> {
    const task = this.newTask(contract, payload, options);
    const directly = this.mayGoDirectly(contract, task, options) && (await publishDirectly(task, this.options));
    if (directly === 'taken') {
      taskMetrics.accepted.inc({ task: contract.name });
      return this.accepted(contract, { id: task.id, state: 'queued', created: true });
    }
    const [enqueued] = await this.store([{ contract, task }], options.tx).catch((error: unknown) => {
      if (directly !== 'unclear' || !(error instanceof OverloadError)) throw error;
      throw new OverloadError(error.why, true);
    });
    if (enqueued) return enqueued;
    // A new id can only be there because a direct publish that looked failed arrived after all, and was done.
    const created = options.id === undefined;
    if (created) taskMetrics.accepted.inc({ task: contract.name });
    const state = await this.options.store.stateOf(task.id, options.tx);
    return this.accepted(contract, { id: task.id, state, created });
  }

  /**
   * Enqueues many tasks in one statement: all of them or none.
   *
   * @returns them in their order, without those whose `id` existed already.
   * @throws {InvalidPayloadError} for the first payload that does not fit.
   * @throws {OverloadError} as {@link enqueue}.
   * @throws {RangeError} an `id` is no UUID.
   */
  async enqueueMany<C extends AnyTaskContract>(
    requests: readonly EnqueueRequest<C>[],
    tx?: EntityManager,
  ): Promise<EnqueuedTask<C>[]> {
    return this.store(
      requests.map(({ contract, payload, options }) => ({
        contract,
        task: this.newTask(contract, payload, options ?? {}),
      })),
      tx,
    );
  }

  /**
   * Waits for a task whose id was kept, as {@link EnqueuedTask.result} does. A task that nothing is known of is waited
   * for as well: a light one has no row before its first event.
   *
   * @throws what {@link EnqueuedTask.result} throws; RangeError when `id` is no UUID.
   * @throws {TypeError} the task is another contract's.
   * @example const { messageId } = await tasks.resultOf(SendEmail, order.mailTaskId, { timeoutSeconds: 5 });
   */
  async resultOf<C extends AnyTaskContract>(contract: C, id: string, options?: ResultOptions): Promise<Result<C>> {
    const { results } = this.options;
    if (!results) throw new Error('This process cannot wait for results: its Tasks was made without `results`.');
    return resultOf(results, contract, id, options);
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
    const id = randomUUIDv7();
    const body = encodeBody(event, checkPayload(event, payload));
    const headers = { ...currentTraceHeaders(), [taskHeaders.version]: String(event.version) };
    const exchange = this.options.exchanges.events;
    await this.options.store.publishLater(
      [{ id, exchange, routingKey: event.name, name: event.name, body, headers }],
      tx,
    );
    return { id };
  }

  /**
   * Revokes a task: it is not started any more, also not by a retry. One that runs finishes, unless `terminate` is true:
   * then its signal fires, its transaction is rolled back, and it ends as `revoked`.
   *
   * @returns `revoked` when that is certain; `revoking` when it runs, or may run, in some worker; `ended` when it was over.
   * @throws {RangeError} `taskId` is no UUID.
   */
  async revoke(taskId: string, { terminate = false, tx }: RevokeOptions = {}): Promise<Revocation> {
    const id = toTaskId(taskId);
    const { store, catalogue } = this.options;
    const name = (await store.history.find(id, tx))?.name;
    // What only newer services know may be light: then every worker has to be told, and it is not certain that it does not run.
    const contract = name === undefined ? undefined : catalogue.tasks.get(name);
    const light = (contract?.effects ?? 'idempotent') === 'idempotent';
    let told: Promise<void> | undefined;
    const revocation = await store.revoke(id, terminate, light, tx, (written) => {
      told = this.tellRevocation(written, { taskId: id, terminate, light }, name);
      // The tombstone is committed by then, so a broadcast that fails changes nothing but when it is heeded.
      if (tx) told.catch(() => undefined);
    });
    await told;
    return revocation;
  }

  /**
   * Gives a task that is not published yet a new due time; a past one means now.
   *
   * @returns `moved`; `published` when its message is out already; `ended` when it is over.
   * @throws {RangeError} `id` is no UUID.
   */
  async reschedule(id: string, eta: Date): Promise<Move> {
    return this.options.store.reschedule(toTaskId(id), eta);
  }

  private async tellRevocation(
    revocation: Revocation,
    revoke: Omit<Revoke, 'run'>,
    name: string | undefined,
  ): Promise<void> {
    if (revocation.answer === 'revoked' && name) taskMetrics.processed.inc({ task: name, outcome: 'revoked' });
    // A light one that is revoked for certain may be out all the same, when a publish that looked failed arrived after all.
    const mayRun = revocation.answer === 'revoking' || (revocation.answer === 'revoked' && revoke.light);
    if (mayRun) await this.tellWorkers({ ...revoke, run: revocation.run });
  }

  /** The tombstone is durable: a worker that does not hear this reads it when it is connected again. */
  private async tellWorkers(revoke: Revoke): Promise<void> {
    const { publisher, exchanges } = this.options;
    await publisher.publish(revokeMessage(exchanges.control, revoke)).catch((error: unknown) => {
      if (!(error instanceof PublishError)) throw error;
    });
  }

  private newTask<C extends AnyTaskContract>(contract: C, payload: PayloadInput<C>, options: EnqueueOptions): NewTask {
    const chosen = options.id !== undefined;
    const id = chosen ? toTaskId(options.id) : randomUUIDv7();
    const checked: Record<string, unknown> = checkPayload(contract, payload);
    const { parent } = options;
    return {
      id,
      ...(chosen && { chosenId: true }),
      name: contract.name,
      version: contract.version,
      queue: chooseQueue(this.options.catalogue, contract, options.queue),
      payload: encodePayload(contract, checked, id, this.options.cipher),
      headers: {
        ...currentTraceHeaders(),
        ...(options.retry && { [taskHeaders.retry]: retryHeader(contract, options.retry) }),
        ...(parent && { [taskHeaders.parent]: parent.id, [taskHeaders.root]: parent.root }),
      },
      dueAt: writable('eta', options.eta),
      delaySeconds: finite(options.countdownSeconds),
      expiresAt: writable('expires', options.expires),
    };
  }

  private async store<C extends AnyTaskContract>(
    own: readonly OwnTask<C>[],
    tx: EntityManager | undefined,
  ): Promise<EnqueuedTask<C>[]> {
    const rows = await this.options.store.enqueue(
      own.map(({ task }) => task),
      tx,
    );
    const inserted = new Map(rows.map((row) => [row.id, row]));
    // RETURNING promises no order; callers get theirs.
    return own.flatMap(({ contract, task: { id } }) => {
      const row = inserted.get(id);
      inserted.delete(id); // of an id that is there twice, the first was taken
      if (row) taskMetrics.accepted.inc({ task: contract.name });
      return row ? [this.accepted(contract, { id, state: row.state, created: true })] : [];
    });
  }

  private accepted<C extends AnyTaskContract>(
    contract: C,
    task: Pick<EnqueuedTask, 'id' | 'state' | 'created'>,
  ): EnqueuedTask<C> {
    return new AcceptedTask(contract, task, (...wait) => this.resultOf(...wait));
  }

  private mayGoDirectly(contract: AnyTaskContract, task: NewTask, options: EnqueueOptions): boolean {
    const needsRow = options.id !== undefined || task.dueAt !== undefined || (task.delaySeconds ?? 0) > 0;
    return (
      contract.effects === 'idempotent' &&
      !options.tx &&
      !options.tracked &&
      !needsRow &&
      this.options.publisher.hasRoom
    );
  }
}

/** Checked here, so that no worker meets a policy that cannot be. @throws {ContractError} */
function retryHeader({ name, retry }: AnyTaskContract, overrides: Partial<RetryPolicy>): string {
  retryPolicy(name, overrides, retry);
  return JSON.stringify(overrides);
}
