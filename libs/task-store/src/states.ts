/** The life of a task. */
export const taskStates = [
  'scheduled',
  'queued',
  'started',
  'retrying',
  'succeeded',
  'failed',
  'revoked',
  'expired',
] as const;
export type TaskState = (typeof taskStates)[number];

const terminalStates: ReadonlySet<TaskState> = new Set(['succeeded', 'failed', 'revoked', 'expired']);

/** Nothing follows a terminal state, except a replay, which is a new run. */
export const isTerminal = (state: TaskState): boolean => terminalStates.has(state);
