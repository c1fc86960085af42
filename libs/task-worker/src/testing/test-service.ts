import { Broker, type Delivery } from '@mentorhub/messaging';
import { baseConfig, DatabaseModule, loadConfig, startService, type RunningService } from '@mentorhub/service';
import { isTerminal, projectEvents, TaskStore, type TaskEvent, type TaskRecord } from '@mentorhub/task-store';
import { eventually } from '@mentorhub/testing';
import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { TaskResults } from '@mentorhub/tasks';
import { Tasks } from '@mentorhub/tasks';
import { TaskServer } from '../server/task-server.js';
import { TasksModule, type TasksModuleOptions } from '../server/tasks.module.js';
import type { TestServers } from './test-servers.js';

type RuntimeOptions = Pick<TasksModuleOptions, 'catalogue' | 'topology' | 'exchanges'> &
  Partial<Omit<TasksModuleOptions, 'broker'>>;

export interface TestServiceOptions extends RuntimeOptions, Pick<ModuleMetadata, 'controllers' | 'providers'> {
  /** Instead of the test servers', for instance a proxy's that cuts it off. It is then not waited for. */
  readonly amqpUrl?: string;
  readonly databaseUrl?: string;
  /** How often the broker's topology is looked at; default: as every service does. */
  readonly topologyEverySeconds?: number;
  /** After how long a silent connection to PostgreSQL is taken for lost. Default: that of every service. */
  readonly silenceSeconds?: number;
  /**
   * Brings the history up to date from the events in this queue, as analytics-service does. Default `task-events`; `false`
   * leaves them there.
   */
  readonly projectFrom?: string | false;
}

/**
 * A whole service with handlers, as an app starts it, on real servers.
 *
 * 1. `start` resolves when it is connected, its topology is declared, and its queues are consumed soon after.
 * 2. `stop` drains it as a shutdown does; then the servers can be removed.
 *
 * @example
 * const servers = await createTestServers();
 * const service = await TestService.start(servers, {
 *   catalogue, topology, exchanges, controllers: [LedgerController], queues: { work: { concurrency: 5 } },
 * });
 * expect(await (await service.tasks.enqueue(Record, { note: 'x' })).result()).toEqual({ written: 1 });
 */
export class TestService {
  protected constructor(readonly service: RunningService) {}

  /** @throws what the start of a service throws, for instance when two handlers have the same task. */
  static async start(servers: TestServers, options: TestServiceOptions): Promise<TestService> {
    return TestService.ready(new TestService(await launch(servers, options)), options);
  }

  protected static async ready<T extends TestService>(started: T, options: TestServiceOptions): Promise<T> {
    const { amqpUrl, projectFrom = 'task-events' } = options;
    if (!amqpUrl) await started.broker.untilReady();
    if (projectFrom) started.projectHistory(projectFrom);
    return started;
  }

  get tasks(): Tasks {
    return this.service.app.get(Tasks);
  }

  get results(): TaskResults {
    return this.service.app.get(TaskResults);
  }

  get store(): TaskStore {
    return this.service.app.get(TaskStore);
  }

  get dataSource(): DataSource {
    return this.service.app.get(DataSource);
  }

  get broker(): Broker {
    return this.service.app.get(Broker);
  }

  /** The task's row once the history says that it is over. @throws Error when it never is. */
  async ended(id: string): Promise<TaskRecord> {
    return eventually(
      async () => {
        const task = await this.store.history.find(id);
        return task && isTerminal(task.state) ? task : undefined;
      },
      { what: `task ${id} has ended` },
    );
  }

  /** The recorded error of a task that fails. @throws Error when it ends otherwise, or never. */
  async failed(id: string): Promise<{ name: string; message: string }> {
    const { state, error } = await this.ended(id);
    if (state !== 'failed' || !error) throw new Error(`Task ${id} was to fail and is ${state}.`);
    return error;
  }

  stop(): Promise<void> {
    return this.service.stop();
  }

  private projectHistory(queue: string): void {
    const project = async (delivery: Delivery) => {
      const events = JSON.parse(delivery.body.toString()) as TaskEvent[];
      await this.dataSource.transaction((tx) => projectEvents(tx, events));
      delivery.ack();
    };
    // Not at once: while PostgreSQL is away, message and worker would otherwise go round in a hot loop.
    const later = (delivery: Delivery) => setTimeout(() => delivery.handBack(), 200);
    const onDelivery = (delivery: Delivery) => void project(delivery).catch(() => later(delivery));
    this.broker.consume({ queue, prefetch: 10, onDelivery });
  }
}

/** Starts the service of a {@link TestService}; on its own for a class that extends it. */
export function launch(servers: TestServers, options: TestServiceOptions): Promise<RunningService> {
  const config = () => loadConfig(z.object(baseConfig), { METRICS_PORT: '0', LOG_LEVEL: 'silent', HOST: '127.0.0.1' });
  return startService({
    name: options.service ?? 'test-service',
    config,
    module: () => serviceModule(servers, options),
    strategies: (app) => [app.get(TaskServer)],
  });
}

const payloadKeys = { activeId: 'test', keys: new Map([['test', randomBytes(32)]]) };

function serviceModule({ database, vhost }: TestServers, options: TestServiceOptions): DynamicModule {
  const {
    controllers = [],
    providers = [],
    amqpUrl,
    databaseUrl,
    topologyEverySeconds,
    silenceSeconds,
    projectFrom: _,
    ...runtime
  } = options;
  return {
    module: class TestModule {},
    controllers,
    providers,
    imports: [
      DatabaseModule.forRoot({
        url: databaseUrl ?? database.url,
        applicationName: 'test-service',
        poolSize: 20,
        ...(silenceSeconds && { silenceSeconds }),
      }),
      TasksModule.forRoot({
        service: 'test-service',
        worker: 'test-worker',
        queues: {},
        payloadKeys,
        broker: {
          url: amqpUrl ?? vhost.amqpUrl,
          topologyMode: 'declare',
          ...(topologyEverySeconds && { topologyEverySeconds }),
        },
        ...runtime,
      }),
    ],
  };
}
