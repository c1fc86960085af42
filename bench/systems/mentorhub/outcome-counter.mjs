import { streams, topology } from '@mentorhub/contracts';
import { connect } from 'amqplib';

/**
 * Counts outcomes where analytics-service reads them, on queue `task-events`: a quorum queue hands out only what it has
 * stored, so the last event received is the last outcome durable.
 */
export class OutcomeCounter {
  static async start({ amqpUrl }, expected) {
    const counter = new OutcomeCounter();
    if (expected === undefined) return counter;
    counter.all = new Promise((resolve) => Object.assign(counter, { missing: expected, resolve }));
    counter.connection = await connect(amqpUrl, { noDelay: true });
    await counter.consume();
    return counter;
  }

  async consume() {
    const channel = await this.connection.createChannel();
    const counted = (message) => {
      this.missing -= outcomesIn(message.content);
      if (this.missing <= 0) this.resolve();
    };
    await channel.assertQueue(streams.taskEvents, { durable: true, arguments: queueArguments });
    await channel.consume(streams.taskEvents, counted, { noAck: true });
  }

  async close() {
    await this.connection?.close();
  }
}

const queueArguments = topology.queues.find(({ name }) => name === streams.taskEvents).arguments;
const succeeded = Buffer.from('"kind":"succeeded"');

/** Looks for a mark instead of parsing: what the counter spends is taken from the worker that it measures. */
function outcomesIn(body) {
  let count = 0;
  for (let at = body.indexOf(succeeded); at >= 0; at = body.indexOf(succeeded, at + succeeded.length)) count += 1;
  return count;
}
