import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that the judge looks at, read when nothing moves any more. */
export async function gatherEvidence({ workload, database, servers }) {
  const [tasks, rows, letters] = [
    await database.query(`SELECT id, state, name, error->>'name' AS error FROM tasks.task`),
    await database.query(`SELECT task_id AS id, count(*)::int AS count FROM chaos.effect GROUP BY task_id`),
    await database.query(
      `SELECT coalesce(task_id, id) AS id, array_agg(reason) AS reasons FROM tasks.dead_letter GROUP BY 1`,
    ),
  ];
  return {
    accepted: workload.accepted,
    revocations: workload.revocations,
    tasks: new Map(tasks.map((task) => [task.id, task])),
    rows: new Map(rows.map(({ id, count }) => [id, count])),
    deadLetters: new Map(letters.map(({ id, reasons }) => [id, reasons])),
    mails: mailsByTask(servers.smtp.mails),
    ambiguous: ambiguousCalls(join(servers.directory, 'logs')),
  };
}

/** By the recipient, which names the task as well: the Message-ID is part of what is judged. */
function mailsByTask(mails) {
  const byTask = new Map();
  for (const { envelope, messageId } of mails) {
    const id = envelope.to[0].split('@')[0];
    byTask.set(id, [...(byTask.get(id) ?? []), messageId]);
  }
  return byTask;
}

/** The runtime logs each call of which it does not know whether it happened. */
export function ambiguousCalls(logs) {
  const counts = new Map();
  for (const file of readdirSync(logs).filter((name) => name.startsWith('worker'))) {
    for (const line of readFileSync(join(logs, file), 'utf8').split('\n')) {
      if (!line.includes('"ambiguous":')) continue;
      const { task_id: id } = JSON.parse(line);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  return counts;
}
