import { Broker, delayLadder, mergeTopologies, type Topology } from '@mentorhub/messaging';
import { deadLetterMetrics, initialiseTaskLabels } from '@mentorhub/metrics';
import { DatabaseProbe, fatal, HealthChecks, SERVICE_LOGGER, ShutdownSignal, type Logger } from '@mentorhub/service';
import { TaskStore } from '@mentorhub/task-store';
import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { TaskResults } from '@mentorhub/tasks';
import { Tasks } from '@mentorhub/tasks';
import type { Catalogue } from '@mentorhub/task-contracts';
import type { SharedRatesOf } from '../flow/shared-rates.js';
import type { ThreadHandlerRegistration } from '../isolation/thread-handler.js';
import type { ThreadOptions } from '../isolation/thread-options.js';
import { failureReasons } from '../outcome/outcome.js';
import { PayloadCipher, type PayloadKeys } from '@mentorhub/tasks/payload';
import { unreadableReasons } from '../job/decode-delivery.js';
import { configOf, plainHandlers } from './plain-handlers.js';
import { TaskServer } from './task-server.js';

export interface TasksModuleOptions {
  /** The service's name: `app_id` of its messages, and in the name of its connections. */
  readonly service: string;
  /** What this process is called among its replicas. */
  readonly worker: string;
  readonly catalogue: Catalogue;
  readonly topology: Topology;
  readonly exchanges: {
    readonly tasks: string;
    readonly events: string;
    readonly taskEvents: string;
    readonly deadLetters: string;
    readonly control: string;
  };
  readonly broker: {
    readonly url: string | string[];
    readonly topologyMode: 'declare' | 'verify';
    /** Default 15: how often it is looked whether the topology is still there. */
    readonly topologyEverySeconds?: number;
  };
  readonly payloadKeys: PayloadKeys;
  /** Queues that this process consumes, with the most deliveries under way at once. `{}` consumes none. */
  readonly queues: Readonly<Record<string, { readonly concurrency: number }>>;
  /** The modules that handle tasks with `isolation: 'thread'`; needed for those whose queues this process consumes. */
  readonly threadHandlers?: readonly ThreadHandlerRegistration[];
  /** Bounds of the threads that they run in. */
  readonly threads?: ThreadOptions;
  /** This process brings back what came off the delay ladder without finding its queue. Default false; some process has to. */
  readonly strandedDelays?: boolean | { readonly waitsSeconds: readonly number[] };
  /** Rates that the deployment sets, beside those of the contracts. Default: none. */
  readonly sharedRates?: SharedRatesOf;
}

const optionsToken = Symbol('tasks module options');

/**
 * The task runtime in a Nest application: provides `Tasks`, `TaskResults`, `TaskStore`, `Broker` and `TaskServer` to all
 * of it. Needs a `DataSource` and a `DatabaseProbe` (`DatabaseModule`), on a database where `taskStoreMigrations` have run.
 *
 * 1. Bootstrap connects to the broker in the background and starts the relay; neither waits for the broker.
 * 2. Before shutdown the relay stops polling. Servers and consumers drain, and may still publish; the pool waits for that.
 * 3. Then the broker's connections close.
 */
@Module({})
export class TasksModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(Broker) private readonly broker: Broker,
    @Inject(TaskStore) private readonly store: TaskStore,
    @Inject(optionsToken) private readonly options: TasksModuleOptions,
  ) {}

  static forRoot(options: TasksModuleOptions): DynamicModule {
    const provided = [Broker, TaskStore, Tasks, TaskResults, TaskServer];
    return {
      module: TasksModule,
      global: true,
      providers: [
        { provide: optionsToken, useValue: options },
        { provide: PayloadCipher, useValue: new PayloadCipher(options.payloadKeys) },
        { provide: Broker, inject: [SERVICE_LOGGER], useFactory: (logger: Logger) => makeBroker(options, logger) },
        { provide: TaskStore, inject: [DataSource, Broker, SERVICE_LOGGER], useFactory: makeStore(options) },
        { provide: TaskResults, inject: [TaskStore, Broker, ShutdownSignal], useFactory: makeResults(options) },
        { provide: Tasks, inject: [TaskStore, Broker, PayloadCipher, TaskResults], useFactory: makeTasks(options) },
        {
          provide: TaskServer,
          inject: [
            Broker,
            TaskStore,
            Tasks,
            PayloadCipher,
            HealthChecks,
            DatabaseProbe,
            SERVICE_LOGGER,
            ModulesContainer,
            ModuleRef,
          ],
          useFactory: makeServer(options),
        },
      ],
      exports: provided,
    };
  }

  onApplicationBootstrap(): void {
    initialiseTaskLabels([...this.options.catalogue.tasks.keys()], failureReasons);
    for (const reason of unreadableReasons) deadLetterMetrics.total.inc({ task: 'unknown', reason }, 0);
    this.broker.start();
    this.store.relay.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.store.relay.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.broker.close();
  }
}

function makeBroker({ service, topology, broker }: TasksModuleOptions, logger: Logger): Broker {
  const queues = topology.queues.map(({ name }) => name);
  return new Broker({
    ...broker,
    clientName: service,
    topology: mergeTopologies(topology, delayLadder(queues)),
    logger,
    onFatal: fatal,
  });
}

const makeStore =
  ({ exchanges, service }: TasksModuleOptions) =>
  (dataSource: DataSource, broker: Broker, logger: Logger) => {
    const { publisher } = broker;
    const store = new TaskStore({ dataSource, publisher, taskExchange: exchanges.tasks, producer: service, logger });
    beforeDestroy(dataSource, () => store.relay.stop());
    return store;
  };

/**
 * The module that owns the pool may shut down before this one, in an order that Nest does not promise. What the last
 * requests and handlers enqueued is on its way by then and wants to be marked as published.
 */
function beforeDestroy(dataSource: DataSource, work: () => Promise<void>): void {
  const destroy = dataSource.destroy.bind(dataSource);
  dataSource.destroy = async () => {
    await work();
    await destroy();
  };
}

const makeTasks =
  ({ catalogue, exchanges, service }: TasksModuleOptions) =>
  (store: TaskStore, broker: Broker, cipher: PayloadCipher, results: TaskResults) =>
    new Tasks({ catalogue, store, publisher: broker.publisher, cipher, exchanges, producer: service, results });

const makeServer =
  (options: TasksModuleOptions) =>
  (
    broker: Broker,
    store: TaskStore,
    tasks: Tasks,
    cipher: PayloadCipher,
    health: HealthChecks,
    databaseProbe: DatabaseProbe,
    taskLogger: Logger,
    modules: ModulesContainer,
    moduleRef: ModuleRef,
  ) =>
    new TaskServer({
      ...options,
      broker,
      store,
      tasks,
      cipher,
      health,
      databaseProbe,
      taskLogger,
      plainHandlers: () => plainHandlers(modules, configOf(moduleRef)),
    });

const makeResults =
  ({ exchanges, worker }: TasksModuleOptions) =>
  (store: TaskStore, broker: Broker, { signal: stopping }: ShutdownSignal) =>
    new TaskResults({ store, broker, exchange: exchanges.taskEvents, worker, stopping });
