import { setTimeout as delay } from 'node:timers/promises';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rows that cannot be published wait out of the way of those that can, the oldest unfinished task of a name is the first entry of
 * an index, and light tombstones have one of their own. Made while services of before run: what they look at by the indexes that
 * are gone, they find by the new ones, more slowly.
 */
export class RetryAt1764400100000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await addRetryAt(runner, 'tasks.task');
    await addRetryAt(runner, 'tasks.event_outbox');
    await runner.query(
      `COMMENT ON COLUMN tasks.task.retry_at IS 'When a row that could not be published is tried again; null when none was tried.'`,
    );
    for (const [name, definition] of Object.entries(indexes)) await createIndex(runner, name, definition);
    for (const name of Object.keys(indexesBefore)) await dropIndex(runner, name);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of Object.entries(indexesBefore)) await createIndex(runner, name, definition);
    for (const name of Object.keys(indexes)) await dropIndex(runner, name);
    await runner.query('ALTER TABLE tasks.event_outbox DROP COLUMN retry_at');
    await runner.query('ALTER TABLE tasks.task DROP COLUMN retry_at');
  }
}

const unpublished = `published_at IS NULL AND state IN ('scheduled', 'queued', 'retrying')`;

const indexes = {
  task_outbox_next: `tasks.task (greatest(due_at, retry_at)) WHERE ${unpublished}`,
  task_unfinished: 'tasks.task (name, due_at) WHERE finished_at IS NULL',
  event_outbox_next: 'tasks.event_outbox (greatest(created_at, retry_at))',
  revocation_light: 'tasks.revocation (expires_at) WHERE light',
};

const indexesBefore = {
  task_outbox: `tasks.task (due_at) WHERE ${unpublished}`,
  task_pending: 'tasks.task (due_at) WHERE finished_at IS NULL',
  event_outbox_created: 'tasks.event_outbox (created_at)',
};

/** Waits for who uses the table, a second at a time: everybody else has to wait behind an ALTER TABLE that waits. */
async function addRetryAt(runner: QueryRunner, table: string): Promise<void> {
  const sql = `SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'retry_at'`;
  while ((await runner.query(sql, [table])).length === 0) {
    await runner.startTransaction();
    try {
      await runner.query(`SET LOCAL lock_timeout = '1s'`);
      await runner.query(`ALTER TABLE ${table} ADD COLUMN retry_at timestamptz`);
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      if ((error as { code?: unknown }).code !== '55P03') throw error;
      await delay(1_000);
    }
  }
}

/** One that a try before left unfinished is invalid, and made anew. */
async function createIndex(runner: QueryRunner, name: string, definition: string): Promise<void> {
  await dropIndex(runner, name);
  await runner.query(`CREATE INDEX CONCURRENTLY ${name} ON ${definition}`);
}

const dropIndex = (runner: QueryRunner, name: string): Promise<unknown> =>
  runner.query(`DROP INDEX CONCURRENTLY IF EXISTS tasks.${name}`);
