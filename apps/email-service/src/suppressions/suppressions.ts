import type { MailCategory, SuppressionReason } from '@mentorhub/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** Which mails of an address a suppression holds back: all, or those of a category. */
export type SuppressionScope = 'all' | MailCategory;

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

  /** @returns the reasons of what was there. @param reason absent, all are lifted. */
  async lift(tx: EntityManager, email: string, reason?: SuppressionReason): Promise<SuppressionReason[]> {
    const [rows]: [{ reason: SuppressionReason }[], number] = await tx.query(liftSql, [email, reason ?? null]);
    return rows.map((row) => row.reason);
  }
}

const findSql = `
  SELECT reason FROM email.suppression WHERE address = lower($1) AND (scope = 'all' OR scope = $2) ORDER BY scope LIMIT 1`;

const addSql = `
  INSERT INTO email.suppression (address, scope, reason, task_id, diagnostics) VALUES (lower($1), $2, $3, $4, $5)
  ON CONFLICT (address, scope) DO NOTHING`;

const liftSql = `
  DELETE FROM email.suppression WHERE address = lower($1) AND ($2::text IS NULL OR reason = $2) RETURNING reason`;
