import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Problem, tryAgainLater } from '../problems/problem.js';
import type { Answer } from './answer.js';
import type { CreatingRequest } from './creating-request.js';

interface EarlierAnswer {
  same_body: boolean;
  since: Date;
  /** Null while the first request is under way; its worker may also have died. */
  status: number | null;
  headers: Record<string, string>;
  body: unknown;
}

interface KnownKey {
  /** When it first came. */
  readonly since: Date;
  readonly answer?: Answer;
}

/** How long a request waits for another one with the same key that is still under way. */
const longestWaitSeconds = 10;

/**
 * Makes a repeated request with the same `Idempotency-Key` get the first one's answer, without doing the work again.
 *
 * 1. The key's row is inserted first. A concurrent request with the same key waits there, at the unique index.
 * 2. The work runs in the same transaction.
 * 3. Its answer is written to the row as the last statement before the COMMIT. So either all of it is there, or nothing:
 *    a request that failed leaves no trace, and its key may be used again.
 *
 * Keys are kept for 24 hours.
 */
@Injectable()
export class IdempotentRequests {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work`, or answers as its first run did. `work` gets the manager to write with: the key's transaction, or
   * without a key none, so that work of more than one statement opens its own (a savepoint within the key's).
   *
   * @throws {Problem} 409 when the key came with another body, 503 when the first request takes longer than 10 s.
   */
  async answer(request: CreatingRequest, work: (manager: EntityManager) => Promise<Answer>): Promise<Answer> {
    if (!request.keyHash) return work(this.dataSource.manager);
    return this.dataSource.transaction(async (tx) => {
      if (!(await this.claim(tx, request))) {
        const { answer } = await this.known(tx, request);
        if (answer) return answer;
      }
      const answer = await work(tx);
      await this.store(tx, request, answer);
      return answer;
    });
  }

  /**
   * As {@link answer}, for work that another service does and that takes its time: no connection is held meanwhile, or a
   * service that is slow would use up the pool. So a concurrent request with the same key does not wait for the first one,
   * and the work has to be such that doing it twice, also at the same moment, has its effect once and the same answer.
   *
   * @param work gets the moment since which the key is known: the same for all repetitions, another one once it has expired.
   * @param mayBeDone whether the work may have been done although it failed so. Then the key goes on, as if it were under way.
   */
  async answerFromElsewhere(
    request: CreatingRequest,
    work: (since: Date | undefined) => Promise<Answer>,
    mayBeDone: (error: unknown) => boolean,
  ): Promise<Answer> {
    if (!request.keyHash) return work(undefined);
    const known = await this.dataSource.transaction(async (tx): Promise<KnownKey> => {
      const since = await this.claim(tx, request);
      return since ? { since } : this.known(tx, request);
    });
    if (known.answer) return known.answer;
    try {
      const answer = await work(known.since);
      await this.store(this.dataSource.manager, request, answer);
      return answer;
    } catch (error) {
      // Should that fail as well, the key belongs to this body until it expires, and a repetition does the work again.
      if (!mayBeDone(error)) await this.dataSource.query(forgetSql, keyOf(request)).catch(() => undefined);
      throw error;
    }
  }

  /** Since when the key is this request's; undefined when another one has it. */
  private async claim(tx: EntityManager, request: CreatingRequest): Promise<Date | undefined> {
    await tx.query(`SET LOCAL lock_timeout = '${longestWaitSeconds}s'`);
    const rows: { since: Date }[] = await tx.query(claimSql, [...keyOf(request), request.bodyHash]);
    return rows[0]?.since;
  }

  private async store(manager: EntityManager, request: CreatingRequest, answer: Answer): Promise<void> {
    const { status, headers, body } = answer;
    await manager.query(storeSql, [...keyOf(request), status, JSON.stringify(headers), JSON.stringify(body)]);
  }

  /** What was answered before; no answer when there was none yet. */
  private async known(tx: EntityManager, request: CreatingRequest): Promise<KnownKey> {
    const rows: EarlierAnswer[] = await tx.query(findSql, [...keyOf(request), request.bodyHash]);
    const [earlier] = rows;
    if (!earlier)
      throw tryAgainLater('The answer to this Idempotency-Key has just expired. Send the request again.', 1);
    if (!earlier.same_body)
      throw new Problem(409, 'This Idempotency-Key came before with another body. Use a new key for a new request.');
    const { since, status, headers, body } = earlier;
    if (status === null) return { since };
    return { since, answer: { status, body, headers: { ...headers, 'idempotent-replayed': 'true' } } };
  }
}

const keyOf = ({ caller, route, keyHash }: CreatingRequest) => [caller, route, keyHash];

/* An expired row is taken over as if it were not there. */
const claimSql = `
  INSERT INTO gateway.idempotency_key AS k (caller, route, key_hash, body_hash) VALUES ($1, $2, $3, $4)
  ON CONFLICT (caller, route, key_hash) DO UPDATE
    SET body_hash = excluded.body_hash, created_at = excluded.created_at, status = NULL, headers = NULL, body = NULL
    WHERE k.created_at <= clock_timestamp() - interval '24 hours'
  RETURNING created_at AS since`;

const storeSql = `
  UPDATE gateway.idempotency_key SET status = $4, headers = $5, body = $6 WHERE caller = $1 AND route = $2 AND key_hash = $3`;

const findSql = `
  SELECT body_hash = $4 AS same_body, created_at AS since, status, headers, body
  FROM gateway.idempotency_key WHERE caller = $1 AND route = $2 AND key_hash = $3`;

const forgetSql = `
  DELETE FROM gateway.idempotency_key WHERE caller = $1 AND route = $2 AND key_hash = $3 AND status IS NULL`;
