import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Only what ran alone when its worker died, or never returned, is known to be the cause; so that is counted apart. */
export class LoneStarts1763894000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE tasks.inbox ADD COLUMN lone_starts integer NOT NULL DEFAULT 0;
      COMMENT ON COLUMN tasks.inbox.starts IS 'Starts of this attempt that were committed and have not ended: it runs alone next time.';
      COMMENT ON COLUMN tasks.inbox.lone_starts IS 'Starts that count towards parking: it was alone in its process, or its handler never returned.'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE tasks.inbox DROP COLUMN lone_starts`);
  }
}
