import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rows that cannot be published wait out of the way of those that can, the oldest unfinished task of a name is the first entry of
 * an index, and light tombstones have one of their own. Made while services of before run: what they look at by the indexes that
 * are gone, they find by the new ones, more slowly.
 */
export class RetryAt1764400100000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tasks.task ADD COLUMN IF NOT EXISTS retry_at timestamptz');
    await runner.query('ALTER TABLE tasks.event_outbox ADD COLUMN IF NOT EXISTS retry_at timestamptz');
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

/** One that a try before left unfinished is invalid, and made anew. */
async function createIndex(runner: QueryRunner, name: string, definition: string): Promise<void> {
  await dropIndex(runner, name);
  await runner.query(`CREATE INDEX CONCURRENTLY ${name} ON ${definition}`);
}

const dropIndex = (runner: QueryRunner, name: string): Promise<unknown> =>
  runner.query(`DROP INDEX CONCURRENTLY IF EXISTS tasks.${name}`);
