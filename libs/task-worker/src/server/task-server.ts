import type { Broker, MessagePublisher } from '@mentorhub/messaging';
import type { DatabaseProbe, HealthChecks, Logger } from '@mentorhub/service';
import type { TaskStore } from '@mentorhub/task-store';
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
import { log } from '../middleware/log.js';
import { measure } from '../middleware/measure.js';
import { compose } from '../middleware/middleware.js';
import { refuseRevoked } from '../middleware/refuse-revoked.js';
import { trace } from '../middleware/trace.js';
import { SuspectWatch } from '../middleware/watch-suspects.js';
import { OutcomeSettler } from '../outcome/settle-outcome.js';
import type { PayloadCipher } from '@mentorhub/tasks/payload';
import { DatabaseCircuit } from '../running/database-circuit.js';
import { Effects } from '../running/effects.js';
import { endTransaction } from '../running/end-transaction.js';
import { EventLoopWatch } from '../running/event-loop-watch.js';
import { HandlerFaults } from '../running/handler-faults.js';
import { HandlerRunner, type HandlerCall } from '../running/run-handler.js';
import { ProgressReports } from '../running/progress-reports.js';
import { RunningTasks } from '../running/running-tasks.js';
import { StrandedDelays } from '../stranded/stranded-delays.js';
import { Settlement } from '../settlement/settlement.js';
import { HandlerConfigurationError } from '../job/handler-configuration-error.js';
import { taskTransport } from '../job/handlers.js';
import { QueueLane } from '../job/queue-lane.js';
import { DeliveryProcessor } from './delivery-processor.js';
import { resultOf } from './plain-handlers.js';

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
  private readonly processor: DeliveryProcessor;

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
      stopping: () => this.closing,
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
    const unlessOver = [expire(effectsOptions), refuseRevoked(this.revocations, effectsOptions)];
    const steps = [
      trace,
      log(taskLogger),
      measure,
      this.suspects.refuseHanging,
      joined,
      ...unlessOver,
      haveKeys({ cipher: options.cipher, health: options.health, logger: taskLogger }),
      // Before a thread is taken: who has one must not wait for a place, which those have who wait for a thread.
      this.limitFlow.step,
      freeThread(this.isolated.slots),
      this.suspects.step,
      // Again, since it may have waited in the steps before.
      ...unlessOver,
    ];
    this.processor = new DeliveryProcessor({
      catalogue: options.catalogue,
      run: compose(steps, (job) => effects.run(job)),
      settler: this.settler,
      circuit: this.circuit,
      worker,
      logger: taskLogger,
    });
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
    if (!this.closing) this.stranded?.start();
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
      process: (delivery, waitWithoutPlace) => this.processor.process(delivery, waitWithoutPlace),
      mayStart: () => this.circuit.closed,
    });
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
