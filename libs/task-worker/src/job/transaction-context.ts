import type { EntityManager } from 'typeorm';
import type { EnqueueOptions, Tasks } from '@mentorhub/tasks';
import type { DatabaseContext } from './context.js';

/** What the context of a handler with a transaction has beside that of the others. */
export function transactionContext(
  tasks: Pick<Tasks, 'enqueueMany'>,
  parent: EnqueueOptions['parent'],
  tx: EntityManager,
): Pick<DatabaseContext, 'tx' | 'enqueueMany'> {
  return {
    tx,
    enqueueMany: (requests) =>
      tasks.enqueueMany(
        requests.map((request) => ({ ...request, options: { ...request.options, parent } })),
        tx,
      ),
  };
}
