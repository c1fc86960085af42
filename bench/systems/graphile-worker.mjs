import { makeWorkerUtils, run, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { rowsGone } from './rows-gone.mjs';

const task = 'bench';
const connections = 10;
/** The settings of its own published measurements. */
const concurrentJobs = 24;
const batching = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
/** Its default is 2000; what waits for its time is found no sooner. */
const pollInterval = 100;
const insertRow = 'INSERT INTO public.ledger (n, note) VALUES ($1, $2)';
const addJob = `SELECT FROM graphile_worker.add_job('${task}', $1::json)`;

export const graphileWorker = {
  name: 'graphile-worker',
  prepare: ({ databaseUrl }) => runMigrations({ connectionString: databaseUrl }),

  async producer({ databaseUrl }) {
    const utils = await makeWorkerUtils({ connectionString: databaseUrl, maxPoolSize: connections });
    return {
      enqueue: (payload) => utils.addJob(task, payload),
      enqueueMany: (payloads) => utils.addJobs(payloads.map((payload) => ({ identifier: task, payload }))),
      schedule: (payloads) => utils.addJobs(payloads.map(scheduled)),
      close: () => utils.release(),
    };
  },

  async transactionalProducer({ databaseUrl }, { connections: max }) {
    const pool = new pg.Pool({ connectionString: databaseUrl, max });
    const enqueueWithRow = async (payload) => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query(insertRow, [payload.n, payload.note]);
      await client.query(addJob, [JSON.stringify(payload)]);
      await client.query('COMMIT');
      client.release();
    };
    return { enqueueWithRow, close: () => pool.end() };
  },

  async worker({ databaseUrl }, { expected, onStart }) {
    let missing = expected;
    let resolve;
    const all = new Promise((resolved) => (resolve = resolved));
    const handler = async (payload) => {
      onStart(payload);
      if (--missing === 0) resolve();
    };
    const runner = await run({
      preset: {
        worker: {
          connectionString: databaseUrl,
          maxPoolSize: concurrentJobs + 1,
          concurrentJobs,
          pollInterval,
          ...batching,
        },
      },
      noHandleSignals: true,
      taskList: { [task]: handler },
    });
    // A completed job's row is deleted.
    const settled = () => all.then(() => rowsGone(databaseUrl, 'SELECT FROM graphile_worker._private_jobs LIMIT 1'));
    return { settled, close: () => runner.stop() };
  },
};

const scheduled = (payload) => ({ identifier: task, payload, runAt: new Date(payload.dueAt) });
