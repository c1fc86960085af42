import type { DataSource, EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';

/**
 * Runs callbacks after the outermost COMMIT of the transaction that they were registered in.
 *
 * TypeORM announces a released savepoint as a commit too, and a COMMIT that PostgreSQL answered with ROLLBACK (a
 * handler swallowed an SQL error) as well. The first is told apart here; because of the second, a callback must look
 * whether its rows are really there.
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

  /** Registers a callback; without a transaction it runs at once. */
  run(manager: EntityManager, callback: () => void): void {
    const runner = manager.queryRunner;
    if (!runner?.isTransactionActive) return callback();
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
