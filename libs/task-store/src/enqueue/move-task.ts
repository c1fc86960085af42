import type { DataSource } from 'typeorm';
import { mostPublishingSeconds } from '../outbox/outbox.js';
import type { TaskState } from '../states.js';

/** What came of a request to move a task's due time. */
export type Move =
  | { readonly answer: 'moved'; readonly state: TaskState; readonly dueAt: Date }
  /** Its message is out, or is being published at this moment. */
  | { readonly answer: 'published'; readonly state: TaskState }
  | { readonly answer: 'ended'; readonly state: TaskState }
  | { readonly answer: 'unknown' };

/** Gives a task that no message was published of a new due time; a past one means now. */
export async function moveTask(dataSource: DataSource, id: string, dueAt: Date): Promise<Move> {
  const [rows]: [{ state: TaskState; dueAt: Date }[]] = await dataSource.query(moveSql, [id, dueAt]);
  if (rows[0]) return { answer: 'moved', ...rows[0] };
  const found: { state: TaskState; ended: boolean }[] = await dataSource.query(stateSql, [id]);
  if (!found[0]) return { answer: 'unknown' };
  return { answer: found[0].ended ? 'ended' : 'published', state: found[0].state };
}

/* A publish that began while its row was leased may end as late as that, and the message be there all the same. */
const moveSql = `
  UPDATE tasks.task SET due_at = greatest($2::timestamptz, clock_timestamp()), publish_attempts = 0, claimed_until = NULL, retry_at = NULL,
    state = CASE WHEN state = 'retrying' THEN state WHEN $2::timestamptz > clock_timestamp() THEN 'scheduled' ELSE 'queued' END
  WHERE id = $1 AND published_at IS NULL AND finished_at IS NULL AND (claimed_until IS NULL OR claimed_until <= clock_timestamp() - interval '${mostPublishingSeconds} s')
  RETURNING state, due_at AS "dueAt"`;

const stateSql = `SELECT state, finished_at IS NOT NULL AS ended FROM tasks.task WHERE id = $1`;
