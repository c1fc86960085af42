import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A page of the list is read in its order. Made while others write; what a try before left unfinished is made anew. */
export class IndexSuppressions1764400000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await runner.query(
      'CREATE INDEX CONCURRENTLY suppression_listed ON email.suppression (created_at, address, scope)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS email.suppression_listed');
  }
}
