import { setTimeout as pause } from 'node:timers/promises';

/** Longer than any pause of the runtime: a claim of a killed worker (40 s), the relay's longest backoff (a minute). */
const patienceMs = 150_000;
const quietLooks = 4;

/** Ids of accepted tasks that have not ended, or are not known at all. */
async function unended(database, accepted) {
  const ended = await database.query('SELECT id FROM tasks.task WHERE finished_at IS NOT NULL');
  const ids = new Set(ended.map(({ id }) => id));
  return [...accepted.keys()].filter((id) => !ids.has(id));
}

/** Waits until every accepted task has ended, or nothing has ended for a long time. @returns how many have not */
export async function untilEnded({ database, progress, workload, signal }) {
  for (;;) {
    signal.throwIfAborted();
    const everyRowEnded = progress.ended === progress.rows;
    const left = everyRowEnded || isStuck(progress) ? await unended(database, workload.accepted) : undefined;
    if (left && (left.length === 0 || isStuck(progress))) return left.length;
    await pause(500);
  }
}

const isStuck = ({ movedAt }) => Date.now() - movedAt > patienceMs;

/**
 * Waits until nothing could happen any more: no message in any queue, none left to publish. What repeats a task has then
 * had its chance to.
 *
 * @returns what is left; undefined when it is nothing
 */
export async function untilQuiet({ database, servers, signal }) {
  let left;
  for (let quiet = 0, until = Date.now() + patienceMs; quiet < quietLooks;) {
    signal.throwIfAborted();
    left = await leftOver(database, servers).catch((error) => error.message);
    quiet = left === undefined ? quiet + 1 : 0;
    if (Date.now() > until) return left;
    await pause(500);
  }
  return undefined;
}

async function leftOver(database, servers) {
  const [{ unpublished }] = await database.query(`
    SELECT (SELECT count(*) FROM tasks.task WHERE published_at IS NULL AND finished_at IS NULL)::int
      + (SELECT count(*) FROM tasks.event_outbox)::int AS unpublished`);
  if (unpublished > 0) return `${unpublished} rows wait to be published`;
  const queues = await servers.messagesLeft();
  return queues.length > 0 ? `messages are left in ${queues.join(', ')}` : undefined;
}
