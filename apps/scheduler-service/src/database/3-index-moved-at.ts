import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether the clock went back is asked in every pass. */
export class IndexMovedAt1764000400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX schedule_moved ON scheduler.schedule (moved_at) WHERE enabled');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX scheduler.schedule_moved');
  }
}
