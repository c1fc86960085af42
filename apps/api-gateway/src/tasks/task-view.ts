import { isTerminal, type TaskRecord, type TimelineEntry } from '@mentorhub/task-store';
import type { Catalogue } from '@mentorhub/task-contracts';

/** Tries after which a task that could not be published is called stuck. */
const stuckAfterAttempts = 10;

/** A task as `GET /v1/tasks/:id` shows it. Sensitive fields are encrypted in the row and not even shown as that. */
export function taskView(task: TaskRecord, timeline: readonly TimelineEntry[], catalogue: Catalogue) {
  return {
    id: task.id,
    task: task.name,
    version: task.version,
    queue: task.queue,
    state: task.state,
    run: task.run,
    attempt: task.attempt - task.deferrals,
    payload: payloadView(task, catalogue),
    acceptedAt: instant(task.acceptedAt),
    dueAt: instant(task.dueAt),
    expiresAt: instant(task.expiresAt),
    publishedAt: instant(task.publishedAt),
    startedAt: instant(task.startedAt),
    finishedAt: instant(task.finishedAt),
    worker: task.worker,
    progress: task.progress,
    ...outcomeView(task),
    ...publishingView(task),
    timeline: timeline.map(entryView),
  };
}

/** How a task ended, as `GET /v1/tasks/:id/result` tells it. */
export function resultView(task: TaskRecord) {
  return { state: task.state, ...outcomeView(task) };
}

function outcomeView({ state, result, error }: TaskRecord): { result?: unknown; error?: unknown } {
  if (state === 'succeeded') return { result };
  return error && (isTerminal(state) || state === 'retrying') ? { error } : {};
}

function publishingView({ publishedAt, publishAttempts, publishError, state }: TaskRecord) {
  if (publishedAt || isTerminal(state) || publishError === null) return {};
  return {
    publishing: { attempts: publishAttempts, error: publishError, stuck: publishAttempts > stuckAfterAttempts },
  };
}

function payloadView({ payload, name }: TaskRecord, { tasks }: Catalogue): unknown {
  const contract = tasks.get(name);
  if (!payload || !contract) return null;
  const shown = parsed(payload);
  if (!shown) return null;
  for (const field of contract.sensitive) if (Object.hasOwn(shown, field)) shown[field] = '[encrypted]';
  return shown;
}

/** As a worker reads it, which passes over a byte-order mark. Undefined: it is what no worker could read. */
function parsed(payload: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function entryView({ kind, at, run, attempt, worker, details }: TimelineEntry) {
  const { deferrals = 0, ...shown } = details ?? {};
  return { kind, at: instant(at), run, attempt: attempt - deferrals, worker, ...shown };
}

const instant = (date: Date | null): string | null => date?.toISOString() ?? null;
