import type { EntityManager } from 'typeorm';
import { User } from './user.entity.js';

/**
 * The account of an address, in whatever case, locked until the transaction ends. Whoever changes an account's tokens locks
 * the account first, so that two of them wait for each other instead of dead-locking.
 */
export function lockUserByEmail(tx: EntityManager, email: string): Promise<User | null> {
  return tx
    .createQueryBuilder(User, 'user')
    .where('lower(user.email) = lower(:email)', { email })
    .setLock('pessimistic_write')
    .getOne();
}
