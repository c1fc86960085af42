import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAnalyticsSchema1763800200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE analytics.daily_count (
        day date NOT NULL,
        kind text NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (day, kind)
      );
      COMMENT ON COLUMN analytics.daily_count.day IS 'In UTC.';`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE analytics.daily_count');
  }
}
