import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { gone } from '../problems/problem.js';
import { consumeToken, endTokens, ownerOfToken } from './account-tokens.js';
import { PasswordHasher } from './password-hasher.js';

/** Sets a password for whoever holds the token that was mailed to the account's address. */
@Injectable()
export class PasswordReset {
  constructor(
    private readonly dataSource: DataSource,
    private readonly hasher: PasswordHasher,
  ) {}

  /**
   * The token is looked at before the costly hash, so that only its holder can make the server compute one. Nobody can
   * guess 256 bits, so it does no harm that a wrong token is answered sooner. No transaction is open while it computes.
   *
   * @throws {Problem} 410 for a token that is used, replaced, expired or unknown; 503 when too many hashes are under way.
   */
  async confirm(token: string, password: string): Promise<void> {
    if ((await ownerOfToken(this.dataSource.manager, token, 'password-reset')) === undefined) throw linkIsOver();
    const hash = await this.hasher.hash(password);
    await this.dataSource.transaction(async (tx) => {
      const userId = await consumeToken(tx, token, 'password-reset');
      if (userId === undefined) throw linkIsOver();
      await tx.query('UPDATE gateway.user_account SET password_hash = $2 WHERE id = $1', [userId, hash]);
      await endTokens(tx, userId, 'password-reset');
    });
  }
}

const linkIsOver = () => gone('This link was used already or has expired. Ask for a new password-reset mail.');
