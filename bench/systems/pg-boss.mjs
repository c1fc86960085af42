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
    const enqueueWithRow = (payload) =>
      inTransaction(pool, async (client) => {
        await client.query(insertRow, [payload.n, payload.note]);
        await boss.send(queue, payload, { db: databaseOf(client) });
      });
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

/**
 * A transaction for each job, ten at once, so that each fails or succeeds alone. Its `work` has no such mode that does not
 * wait for the next poll after each job; this is what its documentation offers beside it.
 */
export const pgBossSingle = {
  ...pgBoss,
  name: 'pg-boss-single',

  async worker(servers, { expected, onStart }) {
    const boss = await started(servers);
    const pool = new pg.Pool({ connectionString: servers.databaseUrl, max: connections });
    const handle = ({ id, data }) =>
      inTransaction(pool, async (client) => {
        onStart(data);
        await client.query(insertRow, [data.n, data.note]);
        await boss.complete(queue, id, null, { db: databaseOf(client) });
      });
    const all = drainWith(() => boss.fetch(queue, { batchSize: work.batchSize }), handle, expected);
    const close = () => Promise.all([boss.stop({ graceful: false }), pool.end()]);
    return { settled: () => all, close };
  },
};

/** Ten jobs are under way at any time; the next batch is fetched while the last of the one before run. */
async function drainWith(fetch, handle, expected) {
  let jobs = [];
  let fetching;
  let done = 0;
  const more = () => (fetching ??= fetch().then((fetched) => ((jobs = fetched), (fetching = undefined))));
  const lane = async () => {
    while (done < expected) {
      const job = jobs.pop();
      if (!job) await more();
      else await handle(job).then(() => (done += 1));
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
}

const databaseOf = (client) => ({ executeSql: (text, values) => client.query(text, values) });

async function inTransaction(pool, work) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await work(client);
  await client.query('COMMIT');
  client.release();
}

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
