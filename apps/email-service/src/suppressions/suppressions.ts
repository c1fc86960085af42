import type {
  MailCategory,
  SuppressionPlace,
  SuppressionReason,
  SuppressionScope,
  SuppressionView,
} from '@mentorhub/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

export interface NewSuppression {
  readonly email: string;
  readonly scope: SuppressionScope;
  readonly reason: SuppressionReason;
  readonly taskId: string;
  /** What the mail server answered. */
  readonly diagnostics?: string;
}

/** The addresses that get no mail, or none of a kind. Upper and lower case are the same address. */
@Injectable()
export class Suppressions {
  constructor(private readonly dataSource: DataSource) {}

  /** Why a mail is not to be sent; undefined when it is. @param category of a mail that somebody can do without. */
  async reasonFor(email: string, category?: MailCategory): Promise<SuppressionReason | undefined> {
    const rows: { reason: SuppressionReason }[] = await this.dataSource.query(findSql, [email, category ?? null]);
    return rows[0]?.reason;
  }

  /** Adds it; what is there already stays as it is. */
  async add(
    { email, scope, reason, taskId, diagnostics }: NewSuppression,
    tx: EntityManager = this.dataSource.manager,
  ): Promise<void> {
    await tx.query(addSql, [email, scope, reason, taskId, diagnostics ?? null]);
  }

  /** The latest first. @param email this address only; @param after where the page before ended. */
  async list(page: { limit: number; email?: string; after?: SuppressionPlace }): Promise<SuppressionView[]> {
    const { limit, email = null, after } = page;
    const place = [after?.since ?? null, after?.email ?? null, after?.scope ?? null];
    const rows: (Omit<SuppressionView, 'since'> & { since: Date })[] = await this.dataSource.query(listSql, [
      limit,
      email,
      ...place,
    ]);
    return rows.map((row) => ({ ...row, since: row.since.toISOString() }));
  }

  /** @returns the reasons of what was there. @param reason absent, all are lifted. */
  async lift(tx: EntityManager, email: string, reason?: SuppressionReason): Promise<SuppressionReason[]> {
    const [rows]: [{ reason: SuppressionReason }[], number] = await tx.query(liftSql, [email, reason ?? null]);
    return rows.map((row) => row.reason);
  }
}

const findSql = `
  SELECT reason FROM email.suppression WHERE address = lower($1) AND (scope = 'all' OR scope = $2) ORDER BY scope LIMIT 1`;

export const listSql = `
  SELECT address AS email, scope, reason, diagnostics, task_id AS "taskId", created_at AS since
  FROM email.suppression
  WHERE ($2::text IS NULL OR address = lower($2))
    AND ($3::timestamptz IS NULL OR (created_at, address, scope) < ($3::timestamptz, $4::text, $5::text))
  ORDER BY created_at DESC, address DESC, scope DESC LIMIT $1`;

const addSql = `
  INSERT INTO email.suppression (address, scope, reason, task_id, diagnostics) VALUES (lower($1), $2, $3, $4, $5)
  ON CONFLICT (address, scope) DO NOTHING`;

const liftSql = `
  DELETE FROM email.suppression WHERE address = lower($1) AND ($2::text IS NULL OR reason = $2) RETURNING reason`;
