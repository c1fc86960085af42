import { batchSizes, blockedSeconds, driftSeconds, runSeconds, settlementSeconds, waitSeconds } from './buckets.js';
import { counter, gauge, histogram } from './registry.js';

export const taskOutcomes = [
  'succeeded',
  'failed',
  'retried',
  'dead_lettered',
  'duplicate',
  'expired',
  'revoked',
] as const;
export type TaskOutcome = (typeof taskOutcomes)[number];

/** Outcomes of attempts that a handler really ran; the others are decided without running, so they have no duration. */
const ranOutcomes: readonly TaskOutcome[] = ['succeeded', 'failed', 'retried', 'dead_lettered', 'revoked'];

export const ambiguousActions = ['again', 'parked'] as const;
export type AmbiguousAction = (typeof ambiguousActions)[number];

export const relayOutcomes = ['confirmed', 'nacked', 'returned', 'timeout'] as const;
export type RelayOutcome = (typeof relayOutcomes)[number];

/** The way of a task: accepted, waiting, running, done. Durations in seconds. */
export const taskMetrics = {
  accepted: counter('task_accepted_total', 'Tasks accepted durably, by task.', ['task']),
  processed: counter('task_processed_total', 'Attempts decided, by task and outcome.', ['task', 'outcome']),
  runDuration: histogram('task_run_duration_seconds', 'How long the handler ran.', runSeconds, ['task', 'outcome']),
  queueWait: histogram(
    'task_queue_wait_seconds',
    'From due to started: the wait that nobody asked for, so a delay or ETA is not in it.',
    waitSeconds,
    ['task'],
  ),
  endToEnd: histogram('task_end_to_end_seconds', 'From due to done, over all attempts.', waitSeconds, ['task']),
  inflight: gauge('task_inflight', 'Tasks that this process is running now.', ['task']),
  oldestPendingAge: gauge(
    'task_oldest_pending_age_seconds',
    'Age of the oldest due task that is not done, from PostgreSQL; every replica says the same, so take max.',
    ['task'],
  ),
  ambiguous: counter(
    'task_ambiguous_total',
    'External attempts of which nobody knows whether the call happened, by what was done.',
    ['task', 'action'],
  ),
  eventLoopBlocked: histogram(
    'task_event_loop_blocked_seconds',
    'How long the event loop was blocked, for each task that ran meanwhile.',
    blockedSeconds,
    ['task'],
  ),
};

/** The relay: rows of PostgreSQL on their way to RabbitMQ. */
export const relayMetrics = {
  dueRows: gauge('relay_due_rows', 'Rows due and unpublished, from PostgreSQL; take max over replicas.'),
  oldestDueAge: gauge(
    'relay_oldest_due_age_seconds',
    'Age of the oldest row due and unpublished, from PostgreSQL; take max over replicas.',
  ),
  publish: counter('relay_publish_total', 'Rows published by the relay, by outcome.', ['outcome']),
  lateness: histogram('relay_lateness_seconds', 'Published minus due.', [0.005, 0.01, 0.025, 0.05, ...waitSeconds]),
};

/** Outcomes settled in groups: published together, then acknowledged. */
export const settlementMetrics = {
  batchSize: histogram('settlement_batch_size', 'Outcomes settled together.', batchSizes),
  delay: histogram('settlement_delay_seconds', 'From an outcome to its acknowledgement.', settlementSeconds),
};

/** Messages parked for a person to look at. `reason` is one of a short fixed list, never an exception's text. */
export const deadLetterMetrics = {
  total: counter('dead_letters_total', 'Messages parked, by task and reason.', ['task', 'reason']),
};

export const strandedOutcomes = ['returned', 'parked'] as const;

/** What came off the delay ladder and found no queue: sent to it once more, or parked in the end. */
export const delayMetrics = {
  stranded: counter('delay_stranded_total', 'Delayed messages that did not find their queue, by what was done.', [
    'outcome',
  ]),
};

/** Schedules: what fired, what was missed, how late. */
export const scheduleMetrics = {
  drift: histogram('schedule_drift_seconds', 'Fired minus its slot.', driftSeconds),
  fired: counter('schedule_fired_total', 'Slots fired, by schedule.', ['schedule']),
  missed: counter(
    'schedule_missed_total',
    'Slots that did not fire: too old when seen, overlapping an unfinished run, or faulty, by schedule.',
    ['schedule'],
  ),
};

for (const outcome of strandedOutcomes) delayMetrics.stranded.inc({ outcome }, 0);
for (const outcome of relayOutcomes) relayMetrics.publish.inc({ outcome }, 0);

/**
 * Sets every label combination of these tasks to 0; call it at start-up with the tasks that the process accepts or runs.
 * `deadLetterReasons` are the reasons that it can park for. Calling it twice changes nothing.
 */
export function initialiseTaskLabels(taskNames: readonly string[], deadLetterReasons: readonly string[] = []): void {
  for (const task of taskNames) {
    taskMetrics.accepted.inc({ task }, 0);
    taskMetrics.inflight.inc({ task }, 0);
    for (const outcome of taskOutcomes) taskMetrics.processed.inc({ task, outcome }, 0);
    for (const action of ambiguousActions) taskMetrics.ambiguous.inc({ task, action }, 0);
    for (const reason of deadLetterReasons) deadLetterMetrics.total.inc({ task, reason }, 0);
    initialiseTaskHistograms(task);
  }
}

// `zero` resets, so a label set that already has observations keeps them only if it is left alone.
const zeroed = new Set<string>();
function initialiseTaskHistograms(task: string): void {
  if (zeroed.has(task)) return;
  zeroed.add(task);
  taskMetrics.queueWait.zero({ task });
  taskMetrics.endToEnd.zero({ task });
  taskMetrics.eventLoopBlocked.zero({ task });
  for (const outcome of ranOutcomes) taskMetrics.runDuration.zero({ task, outcome });
}

/** Sets the counters of these schedules to 0; call it whenever schedules are loaded. */
export function initialiseScheduleLabels(scheduleNames: readonly string[]): void {
  for (const schedule of scheduleNames) {
    scheduleMetrics.fired.inc({ schedule }, 0);
    scheduleMetrics.missed.inc({ schedule }, 0);
  }
}
