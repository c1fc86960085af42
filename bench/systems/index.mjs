/**
 * What a system offers to the cases. Everything is called in a process of its own; `servers` are the URLs of this cell's own
 * database, vhost and Redis.
 *
 * @typedef {object} System
 * @property {string} name
 * @property {(servers) => Promise<void>} [prepare] makes its queues and tables, once
 * @property {(servers) => Promise<Producer>} producer
 * @property {(servers, options: {connections: number}) => Promise<{enqueueWithRow(payload): Promise<void>, close(): Promise<void>}>}
 *   [transactionalProducer] commits a row of `public.ledger` and a task together
 * @property {Record<string, (system, servers, settings) => Promise<{value, details}>>} [measurements] cases that it measures in
 *   its own way, because it is no Node program
 * @property {(servers, options: {kind: 'light' | 'tracked', expected?: number, onStart: (payload) => void}) => Promise<Worker>} worker
 *
 * @typedef {object} Producer
 * @property {(payload) => Promise<unknown>} enqueue durable when it resolves
 * @property {(payloads, options?: {kind}) => Promise<unknown>} [enqueueMany] one call
 * @property {(payloads) => Promise<unknown>} [schedule] not before each payload's `dueAt`
 * @property {() => Promise<void>} [published] resolves when what was enqueued can be consumed
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Worker
 * @property {() => Promise<void>} settled resolves when `expected` tasks have durable outcomes
 * @property {(dueFrom: Date) => Promise<number[]>} [publishedLateness] milliseconds from due to confirmed by the broker, of each task
 * @property {() => Promise<void>} close
 */

const modules = {
  mentorhub: () => import('./mentorhub/mentorhub.mjs').then(({ mentorhub }) => mentorhub),
  'mentorhub-before': () => import('../before.mjs').then(({ loadBefore }) => loadBefore()),
  amqplib: () => import('./amqplib.mjs').then(({ amqplib }) => amqplib),
  'amqplib-outcome': () => import('./amqplib.mjs').then(({ amqplibOutcome }) => amqplibOutcome),
  'amqplib-topic': () => import('./amqplib.mjs').then(({ amqplibTopic }) => amqplibTopic),
  bullmq: () => import('./bullmq.mjs').then(({ bullmq }) => bullmq),
  'pg-boss': () => import('./pg-boss.mjs').then(({ pgBoss }) => pgBoss),
  'pg-boss-single': () => import('./pg-boss.mjs').then(({ pgBossSingle }) => pgBossSingle),
  'graphile-worker': () => import('./graphile-worker.mjs').then(({ graphileWorker }) => graphileWorker),
  'celery-rabbitmq': () => import('./celery/celery.mjs').then(({ celeryRabbitMq }) => celeryRabbitMq),
  'celery-redis': () => import('./celery/celery.mjs').then(({ celeryRedis }) => celeryRedis),
};

/** Only the wanted system is loaded: one that cannot be must not hold up the others. */
export const loadSystem = (name) => modules[name]();
