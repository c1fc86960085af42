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

/** Of two things told about one attempt, the one of the higher rank stands; SQL's `tasks.state_rank` says the same. */
const ranks: readonly TaskState[] = [
  'scheduled',
  'queued',
  'started',
  'retrying',
  'expired',
  'revoked',
  'failed',
  'succeeded',
];
export const stateRank = (state: TaskState): number => ranks.indexOf(state);

const terminalStates: ReadonlySet<TaskState> = new Set(['succeeded', 'failed', 'revoked', 'expired']);

/** Nothing follows a terminal state, except a replay, which is a new run. */
export const isTerminal = (state: TaskState): boolean => terminalStates.has(state);
