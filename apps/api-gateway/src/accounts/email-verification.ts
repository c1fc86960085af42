import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { gone } from '../problems/problem.js';
import { consumeToken } from './account-tokens.js';

/** The end of the sign-up: the address is proven by the token that was mailed to it. */
@Injectable()
export class EmailVerification {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws {Problem} 410 for a token that is used, replaced, expired or unknown. */
  async confirm(token: string): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const userId = await consumeToken(tx, token, 'email-verification');
      if (userId === undefined)
        throw gone('This link was used already or has expired. Ask for a new verification mail.');
      await tx.query(verifiedSql, [userId]);
    });
  }
}

const verifiedSql = `
  UPDATE gateway.user_account SET email_verified_at = coalesce(email_verified_at, clock_timestamp()) WHERE id = $1`;
