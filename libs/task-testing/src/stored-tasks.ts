import { recentTasks, type TaskRecord } from '@mentorhub/task-store';
import type { AnyTaskContract } from '@mentorhub/task-contracts';
import type { FoundTask } from './test-task.js';

/** A database, however it is reached. */
export type Queryable = Parameters<typeof recentTasks>[0];

/** The latest tasks of a database. @throws {Error} a sensitive field is asked for, which nobody can compare there. */
export async function storedTasks(
  database: Queryable,
  { name, sensitive }: AnyTaskContract,
  payload: object,
): Promise<FoundTask[]> {
  const hidden = sensitive.filter((field) => field in payload);
  if (hidden.length > 0)
    throw new Error(`${hidden.join(', ')} of "${name}" is encrypted in the database; expect the other fields.`);
  return (await recentTasks(database)).map(asFound);
}

function asFound({ id, name, queue, state, dueAt, payload }: TaskRecord): FoundTask {
  const parsed = payload ? (JSON.parse(payload.toString()) as Record<string, unknown>) : {};
  return { id, name, queue, state, eta: dueAt, payload: parsed };
}
