/**
 * The systems, as data. `needs` names what may be missing on this machine: a server, or the product as it was. `without` says for each case that a system
 * has no cell of, why; whatever is not in it is measured.
 */
const noBulk = 'it has no call for many tasks at once; the window of `enqueue-direct` is all there is';
const noTransaction = 'its broker cannot take part in a transaction of PostgreSQL';
const notAtomic = 'the effect cannot commit together with the completion, so it would not be the same effect';
const rawOnly = 'only what it adds to `amqplib` is of interest';
const ofPool = 'its tasks run in a pool of processes, which are counted in `memory-scheduled`';
const singleOnly = 'it differs from `pg-boss` only in how tracked jobs are done';

export const systems = {
  mentorhub: { needs: [], without: {} },
  'mentorhub-before': { needs: ['before'], without: {} },
  amqplib: {
    needs: [],
    without: {
      'enqueue-bulk': noBulk,
      'enqueue-transactional': noTransaction,
      'process-tracked': notAtomic,
      'relay-lateness': 'AMQP has no delays of its own',
      'memory-scheduled': 'AMQP has no delays of its own',
    },
  },
  'amqplib-outcome': {
    needs: [],
    without: {
      'enqueue-direct': rawOnly,
      'enqueue-bulk': rawOnly,
      'enqueue-transactional': rawOnly,
      'process-tracked': rawOnly,
      'latency-10': rawOnly,
      'latency-50': rawOnly,
      'latency-1000': rawOnly,
      'latency-5000': rawOnly,
      'relay-lateness': rawOnly,
      'memory-scheduled': rawOnly,
      'memory-worker': rawOnly,
    },
  },
  'amqplib-topic': {
    needs: [],
    without: {
      'enqueue-bulk': noBulk,
      'enqueue-transactional': rawOnly,
      'process-tracked': rawOnly,
      'latency-10': rawOnly,
      'latency-50': rawOnly,
      'latency-1000': rawOnly,
      'latency-5000': rawOnly,
      'relay-lateness': rawOnly,
      'memory-scheduled': rawOnly,
      'memory-worker': rawOnly,
    },
  },
  bullmq: {
    needs: ['redis'],
    without: { 'enqueue-transactional': noTransaction, 'process-tracked': notAtomic },
  },
  'pg-boss': { needs: [], without: {} },
  'pg-boss-single': {
    needs: [],
    without: {
      'enqueue-direct': singleOnly,
      'enqueue-bulk': singleOnly,
      'enqueue-transactional': singleOnly,
      process: singleOnly,
      'latency-10': singleOnly,
      'latency-50': singleOnly,
      'latency-1000': singleOnly,
      'latency-5000': singleOnly,
      'relay-lateness': singleOnly,
      'memory-scheduled': singleOnly,
      'memory-worker': singleOnly,
    },
  },
  'graphile-worker': {
    needs: [],
    without: { 'process-tracked': 'it completes a job after its handler has returned, in a transaction of its own' },
  },
  'celery-rabbitmq': {
    needs: ['celery'],
    without: {
      'enqueue-bulk': noBulk,
      'enqueue-transactional': noTransaction,
      'process-tracked': notAtomic,
      'memory-worker': ofPool,
    },
  },
  'celery-redis': {
    needs: ['redis', 'celery'],
    without: {
      'enqueue-bulk': noBulk,
      'enqueue-transactional': noTransaction,
      'process-tracked': notAtomic,
      'memory-worker': ofPool,
    },
  },
};

export const supports = (system, caseName) => !(caseName in systems[system].without);
