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
  /** Registers what is to be done once the transaction that they are written in has committed; without one, at once. */
  afterCommit(callback: AfterCommitCallback): void;
}

/**
 * Runs callbacks after the outermost COMMIT of the transaction that they were registered in.
 *
 * TypeORM announces a released savepoint as a commit too, and a COMMIT that PostgreSQL answered with ROLLBACK (a handler
 * swallowed an SQL error) as well. The first is told apart here; the second, and savepoints that were rolled back, make the
 * rows uncertain.
 */
export class AfterCommit {
  private readonly waiting = new WeakMap<QueryRunner, (() => void)[]>();

  constructor(dataSource: DataSource) {
    const subscriber: EntitySubscriberInterface = {
      afterTransactionCommit: ({ queryRunner }) => this.transactionEnded(queryRunner, true),
      afterTransactionRollback: ({ queryRunner }) => this.transactionEnded(queryRunner, false),
    };
    dataSource.subscribers.push(subscriber);
  }

  /** To be called before rows are written, so that whatever rolls them back later is noticed. */
  writing(manager: EntityManager): Writing {
    const runner = manager.queryRunner;
    // The pool's manager: each statement has committed when it is answered.
    if (!runner) return { afterCommit: (callback) => callback(true) };
    // Somebody may have sent BEGIN by hand.
    if (!runner.isTransactionActive) return { afterCommit: (callback) => callback(false) };
    const rollbacks = rollbacksOn(runner);
    const before = rollbacks?.count;
    return {
      afterCommit: (callback) =>
        this.add(runner, () => callback(rollbacks !== undefined && rollbacks.count === before)),
    };
  }

  /** Makes all rows uncertain that were written in this transaction so far: something else has changed them. */
  distrust(manager: EntityManager): void {
    const rollbacks = manager.queryRunner && rollbacksOn(manager.queryRunner);
    if (rollbacks) rollbacks.count += 1;
  }

  /** Registers a callback that no row is needed for; without a transaction it runs at once. */
  run(manager: EntityManager, callback: () => void): void {
    if (manager.queryRunner?.isTransactionActive) this.add(manager.queryRunner, callback);
    else callback();
  }

  private add(runner: QueryRunner, callback: () => void): void {
    const callbacks = this.waiting.get(runner);
    if (callbacks) callbacks.push(callback);
    else this.waiting.set(runner, [callback]);
  }

  private transactionEnded(runner: QueryRunner, committed: boolean): void {
    if (runner.isTransactionActive) return; // only a savepoint ended
    const callbacks = this.waiting.get(runner);
    if (!callbacks) return;
    this.waiting.delete(runner);
    if (committed) for (const callback of callbacks) callback();
  }
}
