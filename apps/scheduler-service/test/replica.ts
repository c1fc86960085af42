import { CleanupExpiredTokens, catalogue, exchanges } from '@mentorhub/contracts';
import { PublishError, type MessagePublisher } from '@mentorhub/messaging';
import { connectDatabase, createLogger, databaseOptions } from '@mentorhub/service';
import { TaskStore } from '@mentorhub/task-store';
import { Tasks } from '@mentorhub/tasks';
import { PayloadCipher } from '@mentorhub/tasks/payload';
import { createDatabase, type TestDatabase } from '@mentorhub/testing';
import type { DataSource } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { migrateDatabase } from '../src/database/migrate-database.js';
import { DueSchedules } from '../src/schedules/firing/due-schedules.js';
import { ScheduleFiring } from '../src/schedules/firing/schedule-firing.js';
import { ScheduleLoop } from '../src/schedules/firing/schedule-loop.js';

const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false });
const cipher = new PayloadCipher({ activeId: 'a', keys: new Map([['a', Buffer.alloc(32, 1)]]) });
/** A schedule only has to bring its task into the database: the broker may be away. */
const brokerAway: MessagePublisher = {
  ready: false,
  hasRoom: false,
  crowded: false,
  publish: () => Promise.reject(new PublishError('disconnected', 'The broker is away.')),
};

export const applicationName = 'scheduler under test';

export const createSchedulerDatabase = (): Promise<TestDatabase> =>
  createDatabase({ template: 'scheduler', migrate: async (url) => void (await migrateDatabase(url)) });

/** One scheduler process as far as firing goes: a pool and a loop of its own. */
export class Replica {
  private constructor(
    readonly loop: ScheduleLoop,
    readonly firing: ScheduleFiring,
    readonly dataSource: DataSource,
  ) {}

  static async create(database: TestDatabase): Promise<Replica> {
    const options = databaseOptions({ url: database.url, applicationName, poolSize: 3 }, logger);
    const dataSource = await connectDatabase(options, { logger });
    const publisher = brokerAway;
    const store = new TaskStore({ dataSource, publisher, taskExchange: exchanges.tasks, producer: 'test', logger });
    const tasks = new Tasks({ catalogue, store, publisher, cipher, exchanges, producer: 'test' });
    const schedules = new DueSchedules(dataSource);
    const firing = new ScheduleFiring(dataSource, schedules, tasks, store, logger);
    return new Replica(new ScheduleLoop(schedules, firing, logger), firing, dataSource);
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await this.dataSource.destroy();
  }
}

/** A row of `scheduler.schedule`; yearly unless said otherwise, so that no second slot comes while a test runs. */
export interface Row {
  readonly name?: string;
  readonly task?: string;
  readonly payload?: unknown;
  readonly cron?: string;
  readonly every?: number;
  readonly enabled?: boolean;
  readonly misfire?: string;
  readonly overlap?: string;
  /** An SQL expression. */
  readonly nextSlot: string;
}

export interface AddedSchedule {
  readonly id: string;
  readonly name: string;
  readonly slot: Date;
}

export async function addSchedule(database: TestDatabase, row: Row): Promise<AddedSchedule> {
  const { name = 'yearly', task = CleanupExpiredTokens.name, payload = {}, enabled = true } = row;
  const { every = null, cron = every ? null : '0 0 1 1 *', misfire = 'fire-once', overlap = 'allow' } = row;
  const [added] = await database.query<AddedSchedule>(
    `INSERT INTO scheduler.schedule (name, task, payload, cron, every_seconds, enabled, misfire, overlap, next_slot, due_at, anchor)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, slot, slot, slot
     FROM (SELECT date_trunc('milliseconds', ${row.nextSlot}) AS slot) AS first
     RETURNING id, name, next_slot AS slot`,
    [name, task, JSON.stringify(payload), cron, every, enabled, misfire, overlap],
  );
  if (!added) throw new Error('The schedule was not added.');
  return added;
}

export const taskOf = ({ id }: { readonly id: string }, slot: Date): string => uuidv5(slot.toISOString(), id);

/** Every task there is, in the order of acceptance. */
export const tasksIn = (database: TestDatabase) =>
  database.query<{ id: string; accepted_at: Date }>('SELECT id, accepted_at FROM tasks.task ORDER BY accepted_at, id');
