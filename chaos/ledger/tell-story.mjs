/** What the platform has on record of one task, on one line, for whoever looks into a fault of the run. */
export async function tellStory(database, id) {
  const [task] = await database.query(
    `SELECT state, run, attempt, worker, due_at, published_at, publish_attempts, finished_at, error->>'message' AS error
     FROM tasks.task WHERE id = $1`,
    [id],
  );
  const [inbox] = await database.query(
    `SELECT state, run, attempt, phase, starts, updated_at FROM tasks.inbox WHERE task_id = $1 ORDER BY run DESC LIMIT 1`,
    [id],
  );
  const timeline = await database.query(
    `SELECT kind, at, attempt, worker FROM tasks.task_event WHERE task_id = $1 ORDER BY at`,
    [id],
  );
  const effects = await database.query(`SELECT at, attempt FROM chaos.effect WHERE task_id = $1 ORDER BY at`, [id]);
  return JSON.stringify({ task, inbox, timeline, effects });
}
