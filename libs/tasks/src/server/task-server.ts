import type { Broker, Delivery, MessagePublisher } from '@mentorhub/messaging';
import type { HealthChecks, Logger } from '@mentorhub/service';
import type { TaskStore } from '@mentorhub/task-store';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { Tasks } from '../client/tasks.js';
import type { Catalogue } from '../define/index.js';
import { expire } from '../middleware/expire.js';
import { log } from '../middleware/log.js';
import { measure } from '../middleware/measure.js';
import { compose } from '../middleware/middleware.js';
import { trace } from '../middleware/trace.js';
import type { Outcome } from '../outcomes/outcome.js';
import { OutcomeSettler } from '../outcomes/settle-outcome.js';
import { toTaskError } from '../outcomes/task-error.js';
import { unreadableEvent } from '../outcomes/task-events.js';
import type { PayloadCipher } from '../payload/payload-cipher.js';
import { Effects } from '../running/effects.js';
import { HandlerRunner, type HandlerCall } from '../running/run-handler.js';
import { RunningTasks } from '../running/running-tasks.js';
import { Settlement } from '../settlement/settlement.js';
import { decodeDelivery, taskNamedBy, UnreadableMessage } from './decode-delivery.js';
import { taskTransport } from './handlers.js';
import type { Job } from './job.js';
import { QueueLane } from './queue-lane.js';

export interface TaskServerOptions {
  readonly broker: Broker;
  readonly store: TaskStore;
  readonly tasks: Tasks;
  readonly cipher: PayloadCipher;
  readonly catalogue: Catalogue;
  readonly exchanges: { readonly taskEvents: string; readonly deadLetters: string };
  /** Queues to consume, by name. */
  readonly queues: Readonly<Record<string, { readonly concurrency: number }>>;
  readonly worker: string;
  readonly health: HealthChecks;
  readonly taskLogger: Logger;
}

/**
 * Runs tasks: the transport between RabbitMQ and the handlers of a Nest application.
 *
 * 1. `listen` starts a consumer per queue; each comes back by itself when the broker or the queue goes away.
 * 2. A delivery is decoded, goes through the middleware below, runs by the manner of its effects, and is settled.
 * 3. `close` takes no more work, hands back what has not begun, waits for what has, and settles it.
 */
export class TaskServer extends Server implements CustomTransportStrategy {
  override readonly transportId = taskTransport;
  private readonly lanes: readonly QueueLane[];
  private readonly running: RunningTasks;
  private readonly settlement: Settlement;
  private readonly settler: OutcomeSettler;
  private readonly run: (job: Job) => Promise<Outcome>;

  constructor(private readonly options: TaskServerOptions) {
    super();
    const { store, worker, taskLogger, exchanges } = options;
    const publisher: MessagePublisher = options.broker.publisher;
    this.running = new RunningTasks({ worker, onLongRunning: (event) => this.settlement.add(undefined, event) });
    this.settlement = new Settlement({
      publisher,
      store,
      exchange: exchanges.taskEvents,
      logger: taskLogger,
      idle: () => this.running.count === 0,
    });
    this.settler = new OutcomeSettler({
      publisher,
      settlement: this.settlement,
      deadLetterExchange: exchanges.deadLetters,
      worker,
      logger: taskLogger,
    });
    const runner = new HandlerRunner({
      ...options,
      running: this.running,
      logger: taskLogger,
      handlerOf: (name) => this.handlerOf(name),
    });
    const effects = new Effects({ store, runner, worker, logger: taskLogger });
    this.run = compose([trace, log(taskLogger), measure, expire(worker)], (job) => effects.run(job));
    this.lanes = Object.entries(options.queues).map(
      ([queue, { concurrency }]) =>
        new QueueLane({ queue, concurrency, process: (delivery) => this.process(delivery) }),
    );
  }

  /** @throws {Error} the task has a handler already: one of the two would never run. */
  override addHandler(...[pattern, ...rest]: Parameters<Server['addHandler']>): void {
    if (this.messageHandlers.has(this.normalizePattern(pattern))) {
      throw new Error(`"${String(pattern)}" has two handlers in this process; remove one of them.`);
    }
    super.addHandler(pattern, ...rest);
  }

  listen(callback: () => void): void {
    for (const lane of this.lanes) {
      this.options.health.register(`consumer ${lane.queue}`, () => lane.active);
      lane.start(this.options.broker);
    }
    callback();
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.stop()));
    await this.settlement.drain();
  }

  on(): never {
    throw new Error('The task server emits no events; readiness tells whether its consumers are there.');
  }

  unwrap<T>(): T {
    return this.options.broker as T;
  }

  private async process(delivery: Delivery): Promise<void> {
    try {
      await this.decide(delivery);
    } catch (error) {
      this.options.taskLogger.error(
        { err: error },
        'A delivery could not be settled; it comes again when its channel closes.',
      );
    }
  }

  private async decide(delivery: Delivery): Promise<void> {
    try {
      const job = decodeDelivery(delivery, this.options.catalogue);
      await this.settler.settle(delivery, await this.run(job), job);
    } catch (error) {
      if (!(error instanceof UnreadableMessage)) throw error;
      await this.settler.settle(delivery, this.unreadable(delivery, error));
    }
  }

  private unreadable(delivery: Delivery, thrown: UnreadableMessage): Outcome {
    const { reason } = thrown;
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
    const handler = this.messageHandlers.get(name);
    if (!handler) return undefined;
    return async (payload, context) =>
      lastValueFrom(this.transformToObservable(await handler(payload, context)), { defaultValue: undefined });
  }
}
