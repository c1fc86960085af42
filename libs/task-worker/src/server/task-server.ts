import type { Broker, Delivery, MessagePublisher } from '@mentorhub/messaging';
import { isDatabaseAway, type DatabaseProbe, type HealthChecks, type Logger } from '@mentorhub/service';
import { isRefusedValue, type TaskStore } from '@mentorhub/task-store';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Tasks } from '@mentorhub/tasks';
import { queueFor, type Catalogue } from '@mentorhub/task-contracts';
import { RevocationWatch } from '../control/revocation-watch.js';
import type { SharedRatesOf } from '../flow/shared-rates.js';
import { expire } from '../middleware/expire.js';
import { haveKeys } from '../middleware/have-keys.js';
import { LimitFlow } from '../middleware/limit-flow.js';
import { join } from '../middleware/join.js';
import { IsolatedHandlers } from '../isolation/isolated-handlers.js';
import type { ThreadHandlerRegistration } from '../isolation/thread-handler.js';
import type { ThreadOptions } from '../isolation/thread-options.js';
import { freeThread } from '../middleware/free-thread.js';
import { log, logUnreadable } from '../middleware/log.js';
import { measure } from '../middleware/measure.js';
import { compose } from '../middleware/middleware.js';
import { refuseRevoked } from '../middleware/refuse-revoked.js';
import { trace } from '../middleware/trace.js';
import { SuspectWatch } from '../middleware/watch-suspects.js';
import type { Outcome } from '../outcome/outcome.js';
import { OutcomeSettler } from '../outcome/settle-outcome.js';
import { toTaskError } from '../outcome/task-error.js';
import { unreadableEvent } from '../outcome/task-events.js';
import type { PayloadCipher } from '@mentorhub/tasks/payload';
import { DatabaseCircuit } from '../running/database-circuit.js';
import { Effects } from '../running/effects.js';
import { endTransaction } from '../running/end-transaction.js';
import { EventLoopWatch } from '../running/event-loop-watch.js';
import { HandlerFaults, mostRepeats, runsAgainAtOnce } from '../running/handler-faults.js';
import { HandlerRunner, type HandlerCall } from '../running/run-handler.js';
import { ProgressReports } from '../running/progress-reports.js';
import { RunningTasks } from '../running/running-tasks.js';
import { StrandedDelays } from '../stranded/stranded-delays.js';
import { Settlement } from '../settlement/settlement.js';
import { decodeDelivery, taskNamedBy, UnreadableMessage, type UnreadableReason } from '../job/decode-delivery.js';
import { HandlerConfigurationError } from '../job/handler-configuration-error.js';
import { taskTransport } from '../job/handlers.js';
import type { Job } from '../job/job.js';
import { resultOf } from './plain-handlers.js';
import { QueueLane, type WaitWithoutPlace } from '../job/queue-lane.js';

export interface TaskServerOptions {
  readonly broker: Broker;
  readonly store: TaskStore;
  readonly tasks: Tasks;
  readonly cipher: PayloadCipher;
  readonly catalogue: Catalogue;
  readonly exchanges: { readonly taskEvents: string; readonly deadLetters: string; readonly control: string };
  /** Queues to consume, by name. */
  readonly queues: Readonly<Record<string, { readonly concurrency: number }>>;
  /** The modules that handle tasks with `isolation: 'thread'`. */
  readonly threadHandlers?: readonly ThreadHandlerRegistration[];
  readonly threads?: ThreadOptions;
  /** Brings back what came off the delay ladder without finding its queue: some process of the deployment has to. */
  readonly strandedDelays?: boolean | { readonly waitsSeconds: readonly number[] };
  /** Rates that the deployment sets. */
  readonly sharedRates?: SharedRatesOf;
  /** Handlers that are called without Nest, by the names of their contracts. Default: none. Asked once all handlers are known. */
  readonly plainHandlers?: () => ReadonlyMap<string, HandlerCall>;
  readonly worker: string;
  readonly health: HealthChecks;
  readonly databaseProbe: Pick<DatabaseProbe, 'look'>;
  readonly taskLogger: Logger;
}

/**
 * Runs tasks: the transport between RabbitMQ and the handlers of a Nest application.
 *
 * 1. `listen` loads what is revoked, then starts a consumer per queue; each comes back by itself when the broker or the queue goes away.
 * 2. A delivery is decoded, goes through the middleware below, runs as its effects ask for, and is settled.
 * 3. `close` takes no more work, hands back what has not begun, waits for what has, and settles it.
 */
export class TaskServer extends Server implements CustomTransportStrategy {
  override readonly transportId = taskTransport;
  private readonly lanes: readonly QueueLane[];
  private readonly running: RunningTasks;
  private readonly isolated: IsolatedHandlers;
  private readonly settlement: Settlement;
  private readonly settler: OutcomeSettler;
  private readonly circuit: DatabaseCircuit;
  private readonly revocations: RevocationWatch;
  private readonly limitFlow: LimitFlow;
  private readonly suspects: SuspectWatch;
  private readonly progress: ProgressReports;
  private readonly stranded: StrandedDelays | undefined;
  private closing = false;
  private readonly calls = new Map<string, HandlerCall>();
  private plain: ReadonlyMap<string, HandlerCall> | undefined;
  private readonly run: (job: Job) => Promise<Outcome>;

  constructor(private readonly options: TaskServerOptions) {
    super();
    const { store, worker, taskLogger, exchanges } = options;
    const publisher: MessagePublisher = options.broker.publisher;
    this.isolated = new IsolatedHandlers(options);
    const joined = join();
    this.running = new RunningTasks({
      worker,
      onLongRunning: (event) => this.settlement.add(undefined, event),
      onHanging: (job) => {
        joined.release(job);
        void this.suspects.noticeHanging(job);
      },
      watch: new EventLoopWatch(taskLogger),
    });
    this.settlement = new Settlement({
      publisher,
      store,
      exchange: exchanges.taskEvents,
      logger: taskLogger,
      idle: () => this.running.count === 0,
    });
    this.settler = new OutcomeSettler({
      publisher,
      store,
      settlement: this.settlement,
      deadLetterExchange: exchanges.deadLetters,
      worker,
      logger: taskLogger,
    });
    this.stranded = this.strandedDelays();
    this.progress = new ProgressReports(store, taskLogger);
    const runner = new HandlerRunner({
      ...options,
      running: this.running,
      progress: this.progress,
      logger: taskLogger,
      handlerOf: (name) => this.handlerOf(name),
      endTransaction,
    });
    this.circuit = new DatabaseCircuit({ probe: () => options.databaseProbe.look(), logger: taskLogger });
    const faults = new HandlerFaults(this.circuit);
    const effectsOptions = { store, runner, worker, logger: taskLogger, faults };
    const effects = new Effects(effectsOptions);
    this.revocations = new RevocationWatch({
      ...options,
      exchange: exchanges.control,
      logger: taskLogger,
      running: this.running,
    });
    this.limitFlow = new LimitFlow(options.catalogue, effectsOptions, options.sharedRates);
    this.suspects = new SuspectWatch(effectsOptions);
    const steps = [
      trace,
      log(taskLogger),
      measure,
      this.suspects.refuseHanging,
      freeThread(this.isolated.slots),
      joined,
      expire(effectsOptions),
      refuseRevoked(this.revocations, effectsOptions),
      haveKeys({ cipher: options.cipher, health: options.health, logger: taskLogger }),
      this.limitFlow.step,
      this.suspects.step,
    ];
    this.run = compose(steps, (job) => effects.run(job));
    this.lanes = Object.entries(options.queues).map(([queue, { concurrency }]) => this.lane(queue, concurrency));
    this.circuit.onClosed(() => this.lanes.forEach((lane) => lane.resume()));
  }

  /** @throws {HandlerConfigurationError} the task has a handler already, or is isolated in threads and would never run it. */
  override addHandler(...[pattern, ...rest]: Parameters<Server['addHandler']>): void {
    if (this.messageHandlers.has(this.normalizePattern(pattern))) {
      throw new HandlerConfigurationError(`"${String(pattern)}" has two handlers in this process; remove one of them.`);
    }
    this.isolated.assertInline(String(pattern));
    super.addHandler(pattern, ...rest);
  }

  /** Calls back with a HandlerConfigurationError when a module of a thread cannot be imported. */
  listen(callback: (error?: unknown) => void): void {
    const { health, broker } = this.options;
    for (const lane of this.lanes) health.register(`consumer ${lane.queue}`, () => lane.health);
    if (this.lanes.length > 0) health.register('topology', () => broker.topologyHealth);
    void this.isolated.load().then(() => this.consume(callback), callback);
  }

  async close(): Promise<void> {
    this.closing = true;
    this.isolated.slots.close();
    const stopped = this.lanes.map((lane) => lane.stop());
    this.circuit.stop();
    this.limitFlow.stop();
    await Promise.all([this.suspects.stop(), this.revocations.stop(), this.stranded?.stop(), ...stopped]);
    await Promise.all([this.settlement.drain(), this.progress.drain()]);
    await this.isolated.close();
  }

  on(): never {
    throw new Error('The task server emits no events; readiness tells whether its consumers are there.');
  }

  unwrap<T>(): T {
    return this.options.broker as T;
  }

  private consume(listening: () => void): void {
    const unhandled = this.unhandled();
    if (unhandled.length > 0)
      this.options.taskLogger.error(
        { tasks: unhandled },
        'This process consumes the queues of tasks that it has no handler for; each of their attempts will fail.',
      );
    if (this.lanes.length > 0) void this.startLanes();
    this.stranded?.start();
    listening();
  }

  private unhandled(): string[] {
    const { catalogue, queues } = this.options;
    const names = [...catalogue.tasks.keys()].filter((name) => queueFor(catalogue.routes, name) in queues);
    return names.filter((name) => this.handlerOf(name) === undefined);
  }

  private async startLanes(): Promise<void> {
    await this.revocations.start().catch(() => undefined); // it fails only when the server is closed
    if (!this.closing) for (const lane of this.lanes) lane.start(this.options.broker);
  }

  private strandedDelays(): StrandedDelays | undefined {
    const { strandedDelays: wanted, taskLogger: logger } = this.options;
    if (!wanted) return undefined;
    const waitsSeconds = typeof wanted === 'object' ? wanted.waitsSeconds : undefined;
    return new StrandedDelays({ ...this.options, settler: this.settler, logger, waitsSeconds });
  }

  private lane(queue: string, concurrency: number): QueueLane {
    return new QueueLane({
      queue,
      concurrency,
      process: (delivery, waitWithoutPlace) => this.process(delivery, waitWithoutPlace),
      mayStart: () => this.circuit.closed,
    });
  }

  private async process(delivery: Delivery, waitWithoutPlace: WaitWithoutPlace): Promise<void> {
    try {
      await this.decide(delivery, waitWithoutPlace);
    } catch (error) {
      this.options.taskLogger.error(
        { err: error, queue: delivery.queue, message_id: delivery.messageId, task: delivery.type },
        'A delivery could not be settled as it should; it is parked.',
      );
      await this.parkUnsettled(delivery, error);
    }
  }

  /** Something about it that nobody thought of: left unacked, it would hold its place here for ever and meet the same fault again. */
  private async parkUnsettled(delivery: Delivery, error: unknown): Promise<void> {
    try {
      const outcome = { kind: 'unreadable', reason: 'unsettled', error: toTaskError(error), event: undefined } as const;
      await this.settler.settle(delivery, outcome);
    } catch (err) {
      this.options.taskLogger.error({ err }, 'A delivery could not be parked; it comes again when its channel closes.');
    }
  }

  private async decide(delivery: Delivery, waitWithoutPlace: WaitWithoutPlace): Promise<void> {
    try {
      const job = decodeDelivery(delivery, this.options.catalogue, waitWithoutPlace);
      const first = await this.run(job);
      const outcome = first.kind === 'fault' ? await this.untilDecided(job, first) : first;
      await this.settler.settle(delivery, this.unlessRefused(delivery, outcome), job);
    } catch (error) {
      if (!(error instanceof UnreadableMessage)) throw error;
      const outcome = this.unreadable(delivery, error.reason, error);
      logUnreadable(this.options.taskLogger, delivery, outcome);
      await this.settler.settle(delivery, outcome);
    }
  }

  /**
   * Runs a job again, here, for as long as the database is away; and a few times when a fault of the runtime's own
   * statements is one that an immediate repetition mends.
   */
  private async untilDecided(job: Job, first: Outcome): Promise<Outcome> {
    let outcome = first;
    for (let repeats = 0; ; repeats += 1) {
      if (outcome.kind !== 'fault' || !runsAgainAtOnce(outcome.error)) return outcome;
      if (!(await this.mayRepeat(outcome.error))) {
        await this.circuit.untilBack();
        repeats = 0;
        job.repeats = 0;
      }
      if (this.circuit.isStopped || !job.delivery.channelOpen) return { kind: 'unstarted' };
      if (repeats === mostRepeats) return outcome;
      outcome = await this.run(job);
    }
  }

  /** At once: what is not about the connection, or what was about that connection alone. */
  private async mayRepeat(error: unknown): Promise<boolean> {
    return !isDatabaseAway(error) || this.circuit.answersAfter(error);
  }

  /**
   * PostgreSQL refuses the values of a message, and would refuse them again: it is parked instead of coming round for ever.
   * What a handler writes is no matter of this; that is its failure.
   */
  private unlessRefused(delivery: Delivery, outcome: Outcome): Outcome {
    if (outcome.kind !== 'fault' || !isRefusedValue(outcome.error)) return outcome;
    return this.unreadable(delivery, 'unsettled', outcome.error);
  }

  private unreadable(delivery: Delivery, reason: UnreadableReason, thrown: unknown): Outcome & { kind: 'unreadable' } {
    const error = toTaskError(thrown);
    const task = taskNamedBy(delivery);
    return {
      kind: 'unreadable',
      reason,
      error,
      event: task && unreadableEvent(task, delivery.queue, this.options.worker, error),
    };
  }

  private handlerOf(name: string): HandlerCall | undefined {
    const isolated = this.isolated.handlerOf(name);
    if (isolated) return isolated;
    const known = this.calls.get(name);
    if (known) return known;
    const handler = this.messageHandlers.get(name);
    if (!handler) return undefined;
    this.plain ??= this.options.plainHandlers?.() ?? new Map();
    const byNest: HandlerCall = async (payload, context) => resultOf(await handler(payload, context));
    const call = this.plain.get(name) ?? byNest;
    this.calls.set(name, call);
    return call;
  }
}
