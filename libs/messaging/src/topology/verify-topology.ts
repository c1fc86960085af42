import type { Channel, ChannelModel } from 'amqplib';
import { closeChannel, replyCode } from '../connection/channel-closing.js';
import { BrokerConfigurationError } from '../connection/broker-configuration-error.js';
import type { Topology } from './topology.js';

interface Check {
  what: string;
  run(channel: Channel): Promise<unknown>;
}

/**
 * Checks that every exchange and queue exists. A passive declare needs no permission, but sees neither arguments nor bindings: those are
 * checked by the step that deploys the topology. Throws TopologyMissingError, which names all that is missing.
 */
export async function verifyTopology(connection: ChannelModel, topology: Topology): Promise<void> {
  const missing: string[] = [];
  let checks = checksOf(topology);
  while (checks.length > 0) checks = await runUntilMissing(connection, checks, missing);
  if (missing.length > 0) throw new TopologyMissingError(missing);
}

/** The topology is not (or no longer) on the broker. At start this is fatal; under a running service it is waited for. */
export class TopologyMissingError extends BrokerConfigurationError {
  constructor(missing: string[]) {
    super(
      `RabbitMQ has no ${missing.join(', ')}: run the deploy step that declares the topology, or start with AMQP_TOPOLOGY=declare.`,
    );
  }
}

/** A failed passive declare closes its channel, so the rest goes on with a new one. */
async function runUntilMissing(connection: ChannelModel, checks: Check[], missing: string[]): Promise<Check[]> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  for (const [index, check] of checks.entries()) {
    if (await exists(check, channel)) continue;
    missing.push(check.what);
    return checks.slice(index + 1);
  }
  await closeChannel(channel);
  return [];
}

async function exists(check: Check, channel: Channel): Promise<boolean> {
  try {
    await check.run(channel);
    return true;
  } catch (error) {
    if (replyCode(error) === 404) return false;
    throw error;
  }
}

function checksOf(topology: Topology): Check[] {
  return [
    ...topology.exchanges.map(({ name }) => ({
      what: `exchange "${name}"`,
      run: (channel: Channel) => channel.checkExchange(name),
    })),
    ...topology.queues.map(({ name }) => ({
      what: `queue "${name}"`,
      run: (channel: Channel) => channel.checkQueue(name),
    })),
  ];
}
