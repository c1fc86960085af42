import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCourse1763900400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE gateway.course (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        title text NOT NULL CHECK (title <> ''),
        mentor_id uuid NOT NULL REFERENCES gateway.user_account (id),
        published_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      );
      CREATE INDEX course_mentor ON gateway.course (mentor_id);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE gateway.course');
  }
}
