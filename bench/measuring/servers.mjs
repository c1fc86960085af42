import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';

/** In which Linux counts processor time. */
const ticksPerSecond = 100;

/**
 * What the run's servers spend from now on: processor time of each with all its processes, and the bytes that PostgreSQL writes
 * ahead. Nothing else works with them meanwhile, so all of it is the measured cell's; processor time comes in steps of 10 ms.
 *
 * @param processes the main process of each server by its name, as `{postgres: 4711}`
 * @returns {Promise<(units: number) => Promise<Record<string, number>>>} `<name>Microseconds` and `walBytes` for each of so many units
 */
export async function serverMeter({ processes = {}, databaseUrl }) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const read = async () => ({ ticks: ticksOf(processes), wal: await walPosition(client) });
  const before = await read();
  return async (units) => {
    const after = await read();
    await client.end();
    const spent = Object.entries(after.ticks).map(([name, ticks]) => [
      `${name}Microseconds`,
      ((ticks - before.ticks[name]) * 1e6) / ticksPerSecond / units,
    ]);
    return { ...Object.fromEntries(spent), walBytes: (after.wal - before.wal) / units };
  };
}

async function walPosition(client) {
  const { rows } = await client.query(`SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes`);
  return Number(rows[0].bytes);
}

function ticksOf(processes) {
  const all = processTable();
  return Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, ticksOfTree(all, pid)]));
}

/** With what those have spent that have ended: whoever has waited for them counts it. */
export function ticksOfTree(all, root) {
  const own = all.find(({ pid }) => pid === root)?.ticks ?? 0;
  const children = all.filter(({ parent }) => parent === root);
  return children.reduce((sum, { pid }) => sum + ticksOfTree(all, pid), own);
}

function processTable() {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.flatMap((pid) => {
    try {
      return processOf(Number(pid), readFileSync(`/proc/${pid}/stat`, 'latin1'));
    } catch {
      return []; // it has just ended
    }
  });
}

/** The name, in parentheses, may hold anything. */
export function processOf(pid, stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, ofChildren, systemOfChildren] = fields.slice(11, 15).map(Number);
  return { pid, parent: Number(fields[1]), ticks: user + system + ofChildren + systemOfChildren };
}
