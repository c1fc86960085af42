import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { rowsGone } from './rows-gone.mjs';

const queue = 'bench';
const connections = 10;
/** What its documentation offers for throughput and latency; its defaults fetch one job every two seconds. */
const work = { batchSize: 100, burstWhenBatchFull: true, localConcurrency: 4, pollingIntervalSeconds: 0.5 };
const insertRow = 'INSERT INTO public.ledger (n, note) VALUES ($1, $2)';

/** Only where latency is measured: each job on such a queue costs a NOTIFY more. */
const notifies = ({ caseName }) => caseName.startsWith('latency');

async function started(servers) {
  const boss = new PgBoss({
    connectionString: servers.databaseUrl,
    max: connections,
    useListenNotify: notifies(servers),
  });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return boss;
}

export const pgBoss = {
  name: 'pg-boss',
  prepare: async (servers) => {
    const boss = await started(servers);
    await boss.createQueue(queue, { notify: notifies(servers) });
    await boss.stop({ graceful: false });
  },

  async producer(servers) {
    const boss = await started(servers);
    return {
      enqueue: (payload) => boss.send(queue, payload),
      enqueueMany: (payloads) =>
        boss.insert(
          queue,
          payloads.map((data) => ({ data })),
        ),
      schedule: (payloads) => boss.insert(queue, payloads.map(scheduled)),
      close: () => boss.stop({ graceful: false }),
    };
  },

  async transactionalProducer(servers, { connections: max }) {
    const boss = await started(servers);
    const pool = new pg.Pool({ connectionString: servers.databaseUrl, max });
    const enqueueWithRow = async (payload) => {
      const client = await pool.connect();
      const db = { executeSql: (text, values) => client.query(text, values) };
      await client.query('BEGIN');
      await client.query(insertRow, [payload.n, payload.note]);
      await boss.send(queue, payload, { db });
      await client.query('COMMIT');
      client.release();
    };
    return { enqueueWithRow, close: () => Promise.all([boss.stop({ graceful: false }), pool.end()]) };
  },

  async worker(servers, { kind, expected, onStart }) {
    const boss = await started(servers);
    const handled = countTo(expected);
    if (kind === 'tracked')
      await boss.work(queue, { ...work, transactional: true }, insertingHandler(onStart, handled));
    else await boss.work(queue, work, plainHandler(onStart, handled));
    const unfinished = `SELECT FROM pgboss.job WHERE name = '${queue}' AND state < 'completed' LIMIT 1`;
    return {
      settled: () => handled.all.then(() => rowsGone(servers.databaseUrl, unfinished)),
      close: () => boss.stop({ graceful: false }),
    };
  },
};

const scheduled = (data) => ({ data, startAfter: new Date(data.dueAt) });

const plainHandler = (onStart, handled) => async (jobs) => {
  for (const { data } of jobs) onStart(data);
  handled.add(jobs.length);
};

/** Each job does what our handler does, one INSERT; the batch commits together with its completion. */
const insertingHandler = (onStart, handled) => async (jobs, tx) => {
  for (const { data } of jobs) {
    onStart(data);
    await tx.executeSql(insertRow, [data.n, data.note]);
  }
  handled.add(jobs.length);
};

function countTo(expected) {
  let missing = expected;
  let resolve;
  const all = new Promise((resolved) => (resolve = resolved));
  return { all, add: (count) => (missing -= count) <= 0 && resolve() };
}
