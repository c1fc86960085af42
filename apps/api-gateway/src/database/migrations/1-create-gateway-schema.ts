import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateGatewaySchema1763800100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(userTable);
    await runner.query(tokenTable);
    await runner.query(idempotencyTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE gateway.idempotency_key, gateway.account_token, gateway.user_account');
  }
}

const userTable = `
  CREATE TABLE gateway.user_account (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    username text NOT NULL,
    full_name text,
    locale text NOT NULL,
    timezone text NOT NULL,
    password_hash text,
    email_verified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE UNIQUE INDEX user_account_email ON gateway.user_account (lower(email));
  CREATE UNIQUE INDEX user_account_username ON gateway.user_account (username);`;

const tokenTable = `
  CREATE TABLE gateway.account_token (
    hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES gateway.user_account (id) ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('email-verification', 'password-reset')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
  );
  COMMENT ON COLUMN gateway.account_token.hash IS 'SHA-256 of the token, which only the mail has.';
  COMMENT ON COLUMN gateway.account_token.ended_at IS 'When it was used, or replaced by a newer one.';
  CREATE INDEX account_token_live ON gateway.account_token (user_id, purpose) WHERE ended_at IS NULL;
  CREATE INDEX account_token_over ON gateway.account_token (least(expires_at, ended_at));`;

/* json, not jsonb: a replayed answer is the same text. */
const idempotencyTable = `
  CREATE TABLE gateway.idempotency_key (
    caller text NOT NULL,
    route text NOT NULL,
    key_hash bytea NOT NULL,
    body_hash bytea NOT NULL,
    status integer,
    headers json,
    body json,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (caller, route, key_hash)
  );
  CREATE INDEX idempotency_key_created ON gateway.idempotency_key (created_at);`;
