import { Broker, type Delivery } from '@mentorhub/messaging';
import {
  baseConfig,
  DatabaseModule,
  loadConfig,
  runMigrations,
  startService,
  type RunningService,
} from '@mentorhub/service';
import {
  isTerminal,
  projectEvents,
  taskSchema,
  taskStoreMigrations,
  TaskStore,
  type TaskEvent,
  type TaskRecord,
} from '@mentorhub/task-store';
import { createDatabase, createVhost, eventually } from '@mentorhub/testing';
import type { Type } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Tasks } from '../src/client/index.js';
import { TaskServer, TasksModule } from '../src/server/index.js';
import { catalogue, exchanges, topology } from './example-tasks.js';

type Database = Awaited<ReturnType<typeof createDatabase>>;
type Vhost = Awaited<ReturnType<typeof createVhost>>;

/** A broker and a database of a test file's own; `remove` takes both away. */
export interface Servers {
  readonly database: Database;
  readonly vhost: Vhost;
  remove(): Promise<void>;
}

export async function createServers(): Promise<Servers> {
  const [database, vhost] = await Promise.all([createDatabase({ template: 'tasks-schema', migrate }), createVhost()]);
  return {
    database,
    vhost,
    remove: async () => {
      await Promise.all([database.remove(), vhost.remove()]);
    },
  };
}

async function migrate(url: string): Promise<void> {
  const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
  await runMigrations(dataSource, { schema: taskSchema, migrations: taskStoreMigrations });
  await dataSource.query(`CREATE TABLE public.ledger (note text NOT NULL, task_id uuid)`);
  await dataSource.destroy();
}

export interface TaskApplicationOptions {
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Type[];
  readonly queues?: Readonly<Record<string, { concurrency: number }>>;
  readonly amqpUrl?: string;
  readonly databaseUrl?: string;
  /** Default `test-worker`. */
  readonly worker?: string;
  /** Brings history up to date from task events, as analytics-service does. Default true. */
  readonly project?: boolean;
}

/** A whole service with handlers, as an app starts it. */
export class TaskApplication {
  private constructor(
    readonly service: RunningService,
    readonly servers: Servers,
  ) {}

  static async start(servers: Servers, options: TaskApplicationOptions = {}): Promise<TaskApplication> {
    const config = () =>
      loadConfig(z.object(baseConfig), { METRICS_PORT: '0', LOG_LEVEL: 'silent', HOST: '127.0.0.1' });
    const service = await startService({
      name: 'test-service',
      config,
      module: () => applicationModule(servers, options),
      strategies: (app) => [app.get(TaskServer)],
    });
    const application = new TaskApplication(service, servers);
    if (!options.amqpUrl) await application.broker.untilReady();
    if (options.project !== false) application.projectHistory();
    return application;
  }

  get tasks(): Tasks {
    return this.service.app.get(Tasks);
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

  async ended(id: string): Promise<TaskRecord> {
    return eventually(
      async () => {
        const task = await this.store.history.find(id);
        return task && isTerminal(task.state) ? task : undefined;
      },
      { what: `task ${id} has ended` },
    );
  }

  async failed(id: string): Promise<{ name: string; message: string }> {
    const { state, error } = await this.ended(id);
    if (state !== 'failed' || !error) throw new Error(`Task ${id} was to fail and is ${state}.`);
    return error;
  }

  async ledger(): Promise<string[]> {
    const rows = (await this.servers.database.query('SELECT note FROM public.ledger ORDER BY note')) as {
      note: string;
    }[];
    return rows.map(({ note }) => note);
  }

  stop(): Promise<void> {
    return this.service.stop();
  }

  private projectHistory(): void {
    const project = async (delivery: Delivery) => {
      const events = JSON.parse(delivery.body.toString()) as TaskEvent[];
      await this.dataSource.transaction((tx) => projectEvents(tx, events));
      delivery.ack();
    };
    const onDelivery = (delivery: Delivery) => void project(delivery).catch(() => delivery.handBack());
    this.broker.consume({ queue: 'task-events', prefetch: 10, onDelivery });
  }
}

const payloadKeys = { activeId: 'test', keys: new Map([['test', randomBytes(32)]]) };

function applicationModule({ database, vhost }: Servers, options: TaskApplicationOptions) {
  return {
    module: class TestModule {},
    controllers: [...(options.controllers ?? [])],
    providers: [...(options.providers ?? [])],
    imports: [
      DatabaseModule.forRoot({
        url: options.databaseUrl ?? database.url,
        applicationName: 'test-service',
        poolSize: 20,
      }),
      TasksModule.forRoot({
        service: 'test-service',
        worker: options.worker ?? 'test-worker',
        catalogue,
        topology,
        exchanges,
        broker: { url: options.amqpUrl ?? vhost.amqpUrl, topologyMode: 'declare' },
        payloadKeys,
        queues: options.queues ?? {},
      }),
    ],
  };
}
