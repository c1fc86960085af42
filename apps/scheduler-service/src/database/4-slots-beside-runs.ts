import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the last slot fired is kept beside what was fired last: a run that somebody asks for does not make it forgotten. */
export class SlotsBesideRuns1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE scheduler.schedule ADD COLUMN slot_task_id uuid, ADD COLUMN slot_fired_at timestamptz',
    );
    await runner.query('UPDATE scheduler.schedule SET slot_task_id = last_task_id, slot_fired_at = last_fired_at');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE scheduler.schedule DROP COLUMN slot_task_id, DROP COLUMN slot_fired_at');
  }
}
