import type { EntityManager } from 'typeorm';
import { TestTasksError } from './test-tasks-error.js';

/**
 * Stands for the transaction of a test that gave none. Passing it on is harmless, as `{ tx: ctx.tx }` does; using it says
 * what to do. Each attempt has one of its own, by which what it enqueues is told apart.
 */
export function noTransaction(handler: string): EntityManager {
  return new Proxy({} as EntityManager, {
    get(_, property) {
      // Asked for by `await` and by whoever prints it.
      if (typeof property === 'symbol' || property === 'then' || property === 'toJSON') return undefined;
      throw new TestTasksError(
        `The handler of "${handler}" used ctx.tx.${property}, and there is no database: ` +
          'make the TestTasks with `tx`, for instance an EntityManager of a test database, or run it on real servers.',
      );
    },
  });
}
