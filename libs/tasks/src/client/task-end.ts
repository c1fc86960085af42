import { isTerminal, type TaskEvent, type TaskRecord } from '@mentorhub/task-store';

/** How a task ended, whether its event or its row told. */
export type TaskEnd = Pick<
  TaskRecord,
  | 'id'
  | 'name'
  | 'run'
  | 'attempt'
  | 'deferrals'
  | 'state'
  | 'queue'
  | 'startedAt'
  | 'finishedAt'
  | 'worker'
  | 'result'
  | 'error'
>;

/** The end that an event tells; undefined when more of this task follows. */
export function endTold(event: TaskEvent): TaskEnd | undefined {
  if (!isTerminal(event.kind)) return undefined;
  const { taskId: id, name, run, attempt, queue, kind: state, worker, result = null, error = null } = event;
  const startedAt = event.startedAt ? new Date(event.startedAt) : null;
  const finishedAt = new Date(event.at);
  const deferrals = event.deferrals ?? 0;
  return { id, name, run, attempt, deferrals, state, queue, startedAt, finishedAt, worker, result, error };
}
