import { randomUUID } from 'node:crypto';
import { exchanges, topology } from '@mentorhub/contracts';
import { taskMessage } from '@mentorhub/task-store';
import { connect } from 'amqplib';

const queue = 'bench';
const outcomes = 'bench-outcomes';
/** The upper end of what RabbitMQ's guide names for throughput, 100 to 300. */
const prefetch = 300;
const arguments_ = { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 };

/** The least that a program can do on RabbitMQ: what any runtime above it is compared with. */
export const amqplib = {
  name: 'amqplib',
  prepare: declareQueues,
  producer,
  worker: (servers, options) => consume(servers, options, ({ content }) => options.onStart(JSON.parse(content))),
};

/** The same with an outcome per task, confirmed on a queue of its own before the task is acknowledged. */
export const amqplibOutcome = { ...amqplib, name: 'amqplib-outcome', worker: consumeWithOutcome };

/** The same over the product's own exchange, bindings and queue, with the properties and headers of its messages. */
export const amqplibTopic = {
  ...amqplib,
  name: 'amqplib-topic',
  prepare: declareTopology,
  producer: topicProducer,
  worker: (servers, options) =>
    consume(servers, options, ({ content }) => options.onStart(JSON.parse(content)), productQueue),
};

const productQueue = 'default';

async function declareTopology({ amqpUrl }) {
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  for (const { name, type } of topology.exchanges) await channel.assertExchange(name, type);
  for (const { name, arguments: wanted } of topology.queues)
    await channel.assertQueue(name, { durable: true, arguments: wanted });
  for (const { queue: to, exchange, routingKey } of topology.bindings)
    await channel.bindQueue(to, exchange, routingKey);
  await connection.close();
}

async function topicProducer({ amqpUrl }) {
  const connection = await connect(amqpUrl, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  const enqueue = (payload) =>
    new Promise((resolve, reject) => {
      const { exchange, routingKey, body, timestamp, ...properties } = messageOf(payload);
      const options = { ...properties, timestamp: Math.floor(timestamp / 1000), persistent: true };
      channel.publish(exchange, routingKey, body, options, (error) => (error ? reject(error) : resolve()));
    });
  return { enqueue, close: () => connection.close() };
}

const messageOf = (payload) =>
  taskMessage({
    exchange: exchanges.tasks,
    producer: 'bench',
    id: randomUUID(),
    run: 1,
    attempt: 1,
    name: 'bench.light',
    version: 1,
    queue: productQueue,
    payload: Buffer.from(JSON.stringify(payload)),
    headers: {},
    dueAt: new Date(),
  });

async function declareQueues({ amqpUrl }) {
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  for (const name of [queue, outcomes]) await channel.assertQueue(name, { durable: true, arguments: arguments_ });
  await connection.close();
}

async function producer({ amqpUrl }) {
  const connection = await connect(amqpUrl, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  return { enqueue: (payload) => confirmed(channel, queue, payload), close: () => connection.close() };
}

function confirmed(channel, to, content) {
  return new Promise((resolve, reject) => {
    const done = (error) => (error ? reject(error) : resolve());
    channel.sendToQueue(to, Buffer.from(JSON.stringify(content)), { persistent: true, mandatory: true }, done);
  });
}

/** Acknowledges each tick's deliveries together, as far as they are contiguous, which they are with handlers that do not wait. */
async function consume({ amqpUrl }, { expected }, handle, from = queue) {
  const connection = await connect(amqpUrl, { noDelay: true });
  const channel = await connection.createChannel();
  await channel.prefetch(prefetch);
  let last;
  let count = 0;
  const end = deferred();
  const acknowledge = () => {
    channel.ack(last, true);
    last = undefined;
    if (count === expected) channel.checkQueue(from).then(end.resolve, end.reject); // answered after the acks before it
  };
  await channel.consume(from, (message) => {
    handle(message);
    count += 1;
    if (last === undefined) setImmediate(acknowledge);
    last = message;
  });
  return { settled: () => end.promise, close: () => connection.close() };
}

async function consumeWithOutcome({ amqpUrl }, { expected, onStart }) {
  const connection = await connect(amqpUrl, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(prefetch);
  let count = 0;
  const end = deferred();
  await channel.consume(queue, async (message) => {
    const payload = JSON.parse(message.content);
    onStart(payload);
    await confirmed(channel, outcomes, { n: payload.n, state: 'succeeded', finishedAt: new Date().toISOString() });
    channel.ack(message);
    count += 1;
    if (count === expected) channel.checkQueue(queue).then(end.resolve, end.reject);
  });
  return { settled: () => end.promise, close: () => connection.close() };
}

function deferred() {
  const settle = {};
  const promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { promise, ...settle };
}
