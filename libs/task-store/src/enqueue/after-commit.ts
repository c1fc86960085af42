import type { DataSource, EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import { rollbacksOn } from './rollbacks.js';

/**
 * Hears of a transaction's outermost COMMIT.
 *
 * @param certain whether what was written when it was registered is there for sure. Where it is not, whoever needs to know must look.
 */
export type AfterCommitCallback = (certain: boolean) => void;

/** Rows that are about to be written. */
export interface Writing {
  /** How many rows their transaction writes so far, these included. */
  readonly rows: number;
  /** Registers what is to be done once the transaction that they are written in has committed; without one, at once. */
  afterCommit(callback: AfterCommitCallback): void;
}

interface Transaction {
  rows: number;
  readonly callbacks: (() => void)[];
}

/**
 * Runs callbacks after the outermost COMMIT of the transaction that they were registered in.
 *
 * TypeORM announces a released savepoint as a commit too, and a COMMIT that PostgreSQL answered with ROLLBACK (a handler
 * swallowed an SQL error) as well. The first is told apart here; the second, and savepoints that were rolled back, make the
 * rows uncertain.
 */
export class AfterCommit {
  private readonly transactions = new WeakMap<QueryRunner, Transaction>();

  constructor(dataSource: DataSource) {
    const subscriber: EntitySubscriberInterface = {
      afterTransactionCommit: ({ queryRunner }) => this.transactionEnded(queryRunner, true),
      afterTransactionRollback: ({ queryRunner }) => this.transactionEnded(queryRunner, false),
    };
    dataSource.subscribers.push(subscriber);
  }

  /** To be called before so many rows are written, so that whatever rolls them back later is noticed. */
  writing(manager: EntityManager, rows: number): Writing {
    const runner = manager.queryRunner;
    // The pool's manager: each statement has committed when it is answered.
    if (!runner) return { rows, afterCommit: (callback) => callback(true) };
    // Somebody may have sent BEGIN by hand.
    if (!runner.isTransactionActive) return { rows, afterCommit: (callback) => callback(false) };
    const transaction = this.transactionOf(runner);
    transaction.rows += rows;
    const rollbacks = rollbacksOn(runner);
    const before = rollbacks?.count;
    const certain = () => rollbacks !== undefined && rollbacks.count === before;
    return {
      rows: transaction.rows,
      afterCommit: (callback) => void transaction.callbacks.push(() => callback(certain())),
    };
  }

  /** Makes all rows uncertain that were written in this transaction so far: something else has changed them. */
  distrust(manager: EntityManager): void {
    const rollbacks = manager.queryRunner && rollbacksOn(manager.queryRunner);
    if (rollbacks) rollbacks.count += 1;
  }

  /** Registers a callback that no row is needed for; without a transaction it runs at once. */
  run(manager: EntityManager, callback: () => void): void {
    if (manager.queryRunner?.isTransactionActive) this.transactionOf(manager.queryRunner).callbacks.push(callback);
    else callback();
  }

  private transactionOf(runner: QueryRunner): Transaction {
    const known = this.transactions.get(runner);
    if (known) return known;
    const transaction: Transaction = { rows: 0, callbacks: [] };
    this.transactions.set(runner, transaction);
    return transaction;
  }

  private transactionEnded(runner: QueryRunner, committed: boolean): void {
    if (runner.isTransactionActive) return; // only a savepoint ended
    const transaction = this.transactions.get(runner);
    if (!transaction) return;
    this.transactions.delete(runner);
    if (committed) for (const callback of transaction.callbacks) callback();
  }
}
