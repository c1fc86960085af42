import { eventually } from '@mentorhub/testing';
import { Call, Record } from './example-tasks.js';
import type { Load } from './load.js';
import { calls } from './scripted-handlers.js';
import type { Servers } from './task-application.js';

/** How often each value occurs. */
export function countsOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** What `expected` says did not happen exactly once: how often it did, by its id; and what happened unexpectedly. */
export function notOnce(expected: readonly string[], happened: readonly string[]): [string, number][] {
  const counts = countsOf(happened);
  const wrong = expected.filter((id) => counts.get(id) !== 1).map((id): [string, number] => [id, counts.get(id) ?? 0]);
  const known = new Set(expected);
  return [...wrong, ...[...counts].filter(([id]) => !known.has(id))];
}

/** The task of each row that a handler wrote. */
export async function writers({ database }: Servers): Promise<string[]> {
  const rows = await database.query<{ task_id: string }>('SELECT task_id FROM public.ledger WHERE task_id IS NOT NULL');
  return rows.map(({ task_id }) => task_id);
}

export interface Ends {
  /** Tasks by how they ended, at which attempt, and with which error: `{ 'succeeded 1': 812 }`. */
  [how: string]: number;
}

/** Waits until every task that is there has ended, and says how. */
export async function ends({ database }: Servers, timeoutSeconds = 300): Promise<Ends> {
  const open = `SELECT count(*)::int AS n, min(id::text) AS id FROM tasks.task WHERE finished_at IS NULL`;
  await eventually(
    async () => {
      const [row] = await database.query<{ n: number; id: string }>(open);
      if (row?.n !== 0) throw new Error(`${row?.n} tasks have not ended, such as ${row?.id}.`);
      return true;
    },
    { timeoutSeconds, what: 'all tasks to end', intervalMilliseconds: 250 },
  );
  const sql = `SELECT concat_ws(' ', state, attempt, error ->> 'message') AS how, count(*)::int AS n FROM tasks.task GROUP BY 1`;
  const rows = await database.query<{ how: string; n: number }>(sql);
  return Object.fromEntries(rows.map(({ how, n }) => [how, n]));
}

/** Waits until no queue holds a message, dead letters included, and the outbox of events is empty. */
export async function nothingLeft({ database, vhost }: Servers): Promise<void> {
  await eventually(
    async () => {
      const full = await vhost.management.queuesWithMessages();
      if (full.length > 0) throw new Error(`Messages are left in ${full.join(', ')}.`);
      return (await database.query('SELECT FROM tasks.event_outbox')).length === 0;
    },
    { what: 'all queues to be empty', intervalMilliseconds: 250 },
  );
}

/** The ids of all tasks of this name that have a row. */
export async function rowsOf({ database }: Servers, name: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>('SELECT id FROM tasks.task WHERE name = $1', [name]);
  return rows.map(({ id }) => id);
}

/**
 * No attempt was spent, nothing was lost, nothing done twice, nothing parked. A commit whose answer got lost made a row that the
 * caller was not told of; the other way round would be a loss.
 *
 * @param others how other tasks than those of `load` ended.
 */
export async function expectAllOnce(servers: Servers, { all }: Load, others: Ends = {}): Promise<void> {
  const [records, called] = [await rowsOf(servers, Record.name), await rowsOf(servers, Call.name)];
  expect(await ends(servers)).toEqual({ 'succeeded 1': records.length + called.length, ...others });
  await nothingLeft(servers); // or what comes late a second time would not be counted
  expect(notOnce(records, await writers(servers))).toEqual([]);
  expect(notOnce(called, calls)).toEqual([]);
  const rows = new Set([...records, ...called]);
  expect(all.filter((id) => !rows.has(id))).toEqual([]);
}
