import { Broker, type MessagePublisher, type PublishingLimits, type Topology } from '@mentorhub/messaging';
import { createDatabase, createVhost, eventually, type TestDatabase, type TestVhost } from '@mentorhub/testing';
import { DataSource } from 'typeorm';
import { taskSchema, taskStoreMigrations, TaskStore, type NewTask } from '../src/index.js';
import { derivedId } from '../src/ids.js';

const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };

const topology: Topology = {
  exchanges: [
    { name: 'tasks', type: 'topic' },
    { name: 'events', type: 'topic' },
  ],
  queues: [{ name: 'work', arguments: quorum }],
  bindings: [{ exchange: 'tasks', routingKey: 'work.#', queue: 'work' }],
};

/** A broker and a migrated database of a test file's own. */
export interface Servers {
  readonly database: TestDatabase;
  readonly vhost: TestVhost;
  remove(): Promise<void>;
}

export async function createServers(): Promise<Servers> {
  const [database, vhost] = await Promise.all([createTaskDatabase(), createVhost()]);
  return { database, vhost, remove: async () => void (await Promise.all([database.remove(), vhost.remove()])) };
}

export const createTaskDatabase = (): Promise<TestDatabase> => createDatabase({ template: 'task-store', migrate });

async function migrate(url: string): Promise<void> {
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    schema: taskSchema,
    migrations: taskStoreMigrations,
  }).initialize();
  await dataSource.query(`CREATE SCHEMA ${taskSchema}`);
  await dataSource.runMigrations({ transaction: 'each' });
  await dataSource.query(`CREATE TABLE public.note (text text PRIMARY KEY)`);
  await dataSource.destroy();
}

/** A pool on the database, as a service has one. */
export const connect = (url: string, poolSize = 10): Promise<DataSource> =>
  new DataSource({
    type: 'postgres',
    url,
    poolSize,
    poolErrorHandler: () => undefined,
    extra: { connectionTimeoutMillis: 10_000 },
  }).initialize();

const ignore = (): void => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface StoreProcessOptions {
  readonly amqpUrl?: string;
  readonly databaseUrl?: string;
  readonly publishing?: Partial<PublishingLimits>;
  /** Comes between the store and the broker, for a process that dies at a certain point. */
  readonly publisher?: (real: MessagePublisher) => MessagePublisher;
  /** Default true. */
  readonly relay?: boolean;
}

/** What one service process has of the store: a pool, a broker, a relay. */
export class StoreProcess {
  private constructor(
    readonly dataSource: DataSource,
    readonly broker: Broker,
    readonly store: TaskStore,
  ) {}

  static async start(servers: Servers, options: StoreProcessOptions = {}): Promise<StoreProcess> {
    const dataSource = await connect(options.databaseUrl ?? servers.database.url);
    const broker = new Broker({
      url: options.amqpUrl ?? servers.vhost.amqpUrl,
      clientName: 'task-store-test',
      topology,
      topologyMode: 'declare',
      logger: silent,
      reconnectSeconds: 0.2,
      ...(options.publishing && { publishing: options.publishing }),
      onFatal: (error) => {
        throw error;
      },
    });
    const publisher = options.publisher?.(broker.publisher) ?? broker.publisher;
    const store = new TaskStore({ dataSource, publisher, taskExchange: 'tasks', producer: 'test', logger: silent });
    const process = new StoreProcess(dataSource, broker, store);
    broker.start();
    if (!options.amqpUrl) await broker.untilReady();
    if (options.relay !== false) store.relay.start();
    return process;
  }

  async stop(): Promise<void> {
    await this.store.relay.stop();
    await this.broker.close();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}

/** A process that inserts and dies: its publisher seems to be there, and nothing ever comes of what it is given. */
export const deadPublisher = (): MessagePublisher => ({
  ready: true,
  hasRoom: true,
  crowded: false,
  publish: () => new Promise<void>(ignore),
});

/** A process that dies after the broker's confirm and before it could note it. */
export const publisherDyingAfterConfirm = (real: MessagePublisher): MessagePublisher => ({
  get ready() {
    return real.ready;
  },
  get hasRoom() {
    return real.hasRoom;
  },
  get crowded() {
    return real.crowded;
  },
  publish: async (message) => {
    await real.publish(message);
    return new Promise<void>(ignore);
  },
});

export const awayPublisher = (): MessagePublisher => ({
  ready: false,
  hasRoom: false,
  crowded: false,
  publish: () => Promise.reject(new Error('away')),
});

export const taskId = (name: string): string => derivedId('task', name);

export const newTask = (name: string, more: Partial<NewTask> = {}): NewTask => ({
  id: taskId(name),
  name: 'example.do',
  version: 1,
  queue: 'work',
  payload: Buffer.from(JSON.stringify({ name })),
  headers: {},
  ...more,
});

export interface TaskRow {
  readonly id: string;
  readonly state: string;
  readonly publish_attempts: number;
  readonly publish_error: string | null;
  readonly published_at: Date | null;
  readonly lease_seconds: number | null;
}

export async function taskRow({ database }: Servers, name: string): Promise<TaskRow | undefined> {
  const [row] = await database.query(
    `SELECT *, extract(epoch FROM claimed_until - clock_timestamp())::float8 AS lease_seconds FROM tasks.task WHERE id = $1`,
    [taskId(name)],
  );
  return row as TaskRow | undefined;
}

/** Waits until no row is left to publish. */
export const outboxEmpty = ({ database }: Servers): Promise<unknown> =>
  eventually(
    async () => {
      const sql = `SELECT (SELECT count(*) FROM tasks.task WHERE published_at IS NULL) + (SELECT count(*) FROM tasks.event_outbox) AS count`;
      return Number((await database.query(sql))[0]?.['count']) === 0;
    },
    { what: 'an empty outbox' },
  );

/** Ends every lease at once, as time would. */
export const expireLeases = ({ database }: Servers): Promise<unknown> =>
  database.query(`UPDATE tasks.task SET claimed_until = clock_timestamp() WHERE claimed_until IS NOT NULL`);

export interface SeenMessage {
  readonly id: string | undefined;
  readonly run: unknown;
  readonly attempt: unknown;
}

/** Takes all messages off a queue. */
export async function takeMessages({ vhost }: Servers, queue = 'work'): Promise<SeenMessage[]> {
  const messages = await vhost.management.getMessages(queue, 5_000, 'ack_requeue_false');
  return messages.map(({ properties, headers }) => ({
    id: properties.message_id,
    run: headers['x-mh-run'],
    attempt: headers['x-mh-attempt'],
  }));
}
