import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';

export type TokenPurpose = 'email-verification' | 'password-reset';

/** How long a mailed link can be used, in seconds. */
export const tokenSeconds: Readonly<Record<TokenPurpose, number>> = {
  'email-verification': 24 * 3600,
  'password-reset': 3600,
};

/**
 * Makes a token of 256 random bits, the text of which only the mail gets: the database has its hash. Ends the user's
 * earlier ones of this purpose. The caller has locked the account, or has just made it.
 */
export async function issueToken(tx: EntityManager, userId: string, purpose: TokenPurpose): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await endTokens(tx, userId, purpose);
  await tx.query(insertSql, [hashOf(token), userId, purpose, tokenSeconds[purpose]]);
  return token;
}

/**
 * As `issueToken` does, for somebody who asked for a mail without a key. Undefined when the account has had `perHour` tokens
 * of this purpose within an hour: then nothing changes, and the link that was mailed last can still be used. The account's
 * lock makes it hold however many ask at once, on whatever replica. 0 is no limit.
 */
export async function issueRequestedToken(
  tx: EntityManager,
  userId: string,
  purpose: TokenPurpose,
  perHour: number,
): Promise<string | undefined> {
  const [row]: { count: number }[] = await tx.query(issuedSql, [userId, purpose]);
  if (perHour > 0 && row && row.count >= perHour) return undefined;
  return issueToken(tx, userId, purpose);
}

/** Whose token this is, if it can still be used. */
export async function ownerOfToken(
  manager: EntityManager,
  token: string,
  purpose: TokenPurpose,
): Promise<string | undefined> {
  const rows: { user_id: string }[] = await manager.query(ownerSql, [hashOf(token), purpose]);
  return rows[0]?.user_id;
}

/**
 * Uses a token up and returns its owner, whose account is locked until the transaction ends. Of several at the same moment
 * one gets the owner, the others undefined, as for a token that is used, replaced, expired or unknown.
 */
export async function consumeToken(
  tx: EntityManager,
  token: string,
  purpose: TokenPurpose,
): Promise<string | undefined> {
  const owner = await ownerOfToken(tx, token, purpose);
  if (owner === undefined) return undefined;
  await tx.query('SELECT FROM gateway.user_account WHERE id = $1 FOR UPDATE', [owner]);
  const [used]: [unknown[], number] = await tx.query(consumeSql, [hashOf(token)]);
  return used.length > 0 ? owner : undefined;
}

/** Ends what a user still has of this purpose. */
export async function endTokens(tx: EntityManager, userId: string, purpose: TokenPurpose): Promise<void> {
  await tx.query(endSql, [userId, purpose]);
}

/** Deletes at most `limit` tokens that have been of no use for a day, and returns how many it deleted. */
export async function deleteOldTokens(manager: EntityManager, limit: number): Promise<number> {
  const [, deleted]: [unknown, number] = await manager.query(deleteSql, [limit]);
  return deleted;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();

const insertSql = `
  INSERT INTO gateway.account_token (hash, user_id, purpose, expires_at)
  VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))`;

/* Tokens are kept for a day after their end, so those of the last hour are all there. */
const issuedSql = `
  SELECT count(*)::integer AS count FROM gateway.account_token
  WHERE user_id = $1 AND purpose = $2 AND created_at > (SELECT clock_timestamp() - interval '1 hour')`;

const ownerSql = `
  SELECT user_id FROM gateway.account_token
  WHERE hash = $1 AND purpose = $2 AND ended_at IS NULL AND expires_at > clock_timestamp()`;

const consumeSql = `
  UPDATE gateway.account_token SET ended_at = clock_timestamp()
  WHERE hash = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()
  RETURNING user_id`;

const endSql = `
  UPDATE gateway.account_token SET ended_at = clock_timestamp() WHERE user_id = $1 AND purpose = $2 AND ended_at IS NULL`;

/* SKIP LOCKED: a second cleanup, or a user at this very moment, is not waited for. */
const deleteSql = `
  DELETE FROM gateway.account_token WHERE hash IN (
    SELECT hash FROM gateway.account_token
    WHERE least(expires_at, ended_at) < (SELECT clock_timestamp() - interval '1 day')
    ORDER BY least(expires_at, ended_at) LIMIT $1 FOR UPDATE SKIP LOCKED)`;
