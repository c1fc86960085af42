import type { Channel } from 'amqplib';
import { replyCode } from '../connection/channel-closing.js';
import { BrokerConfigurationError } from '../connection/broker-configuration-error.js';
import type { BindingDefinition, ExchangeDefinition, QueueDefinition, Topology } from './topology.js';

/**
 * Creates what is missing and leaves what is there. Throws BrokerConfigurationError where something exists with other settings or may not
 * be created; any other error is the connection's and passes.
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  for (const exchange of topology.exchanges)
    await naming(`exchange "${exchange.name}"`, declareExchange(channel, exchange));
  for (const queue of topology.queues) await naming(`queue "${queue.name}"`, declareQueue(channel, queue));
  for (const binding of topology.bindings)
    await naming(`binding of "${binding.exchange}"`, declareBinding(channel, binding));
}

function declareExchange(channel: Channel, { name, type, alternateExchange }: ExchangeDefinition): Promise<unknown> {
  return channel.assertExchange(name, type, { durable: true, alternateExchange });
}

function declareQueue(channel: Channel, queue: QueueDefinition): Promise<unknown> {
  return channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
}

function declareBinding(channel: Channel, binding: BindingDefinition): Promise<unknown> {
  return 'queue' in binding
    ? channel.bindQueue(binding.queue, binding.exchange, binding.routingKey)
    : channel.bindExchange(binding.toExchange, binding.exchange, binding.routingKey);
}

async function naming(what: string, operation: Promise<unknown>): Promise<void> {
  try {
    await operation;
  } catch (error) {
    throw explained(what, error as Error);
  }
}

function explained(what: string, error: Error): Error {
  if (replyCode(error) === 406) {
    return new BrokerConfigurationError(
      `The ${what} exists on RabbitMQ with other settings than this version declares: move its messages away and delete it, or deploy the version that made it. RabbitMQ says: ${error.message}`,
    );
  }
  if (replyCode(error) === 403) {
    return new BrokerConfigurationError(
      `RabbitMQ does not let this user declare the ${what}: grant it "configure", or let a deploy step declare the topology and start with AMQP_TOPOLOGY=verify. RabbitMQ says: ${error.message}`,
    );
  }
  return error;
}
