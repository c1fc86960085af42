import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many tokens an account was issued lately. */
export class IndexIssuedTokens1764000100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX account_token_issued ON gateway.account_token (user_id, purpose, created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX gateway.account_token_issued');
  }
}
