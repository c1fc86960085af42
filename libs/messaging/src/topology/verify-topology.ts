import type { Channel, ChannelModel } from 'amqplib';
import { closeChannel, replyCode } from '../connection/channel-closing.js';
import { BrokerConfigurationError } from '../connection/broker-configuration-error.js';
import type { Topology } from './topology.js';

interface Check {
  what: string;
  /** The queue that it looks at, when it is one. */
  queue?: string;
  run(channel: Channel): Promise<{ messageCount?: number }>;
}

interface Found {
  missing: string[];
  hidden: Set<string>;
  ready: Map<string, number>;
}

/** What a check came to. */
type Finding = 'there' | 'missing' | 'hidden';

/**
 * Checks that every exchange and queue exists. A passive declare sees neither arguments nor bindings: those are checked by the step that
 * deploys the topology. Throws TopologyMissingError, which names all that is missing.
 *
 * @param hidden takes up what this user may not look at, and is not asked about again: since 4.3 RabbitMQ wants some permission on the
 *   name, and what a service has no permission on it does not use.
 * @returns how many messages are ready in each queue that it saw.
 */
export async function verifyTopology(
  connection: ChannelModel,
  topology: Topology,
  hidden: Set<string> = new Set(),
): Promise<ReadonlyMap<string, number>> {
  const found: Found = { missing: [], hidden, ready: new Map() };
  let checks = checksOf(topology).filter(({ what }) => !hidden.has(what));
  while (checks.length > 0) checks = await runUntilRefused(connection, checks, found);
  const { missing } = found;
  if (missing.length > 0) throw new TopologyMissingError(missing);
  return found.ready;
}

/** The topology is not (or no longer) on the broker. At start this is fatal; under a running service it is waited for. */
export class TopologyMissingError extends BrokerConfigurationError {
  constructor(readonly missing: readonly string[]) {
    super(
      `RabbitMQ has no ${missing.join(', ')}: run the deploy step that declares the topology, or start with AMQP_TOPOLOGY=declare.`,
    );
  }
}

/** A failed passive declare closes its channel, so the rest goes on with a new one. */
async function runUntilRefused(connection: ChannelModel, checks: Check[], found: Found): Promise<Check[]> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  for (const [index, check] of checks.entries()) {
    const finding = await look(check, channel, found.ready);
    if (finding === 'there') continue;
    if (finding === 'missing') found.missing.push(check.what);
    else found.hidden.add(check.what);
    return checks.slice(index + 1);
  }
  await closeChannel(channel);
  return [];
}

async function look({ run, queue }: Check, channel: Channel, ready: Map<string, number>): Promise<Finding> {
  try {
    const { messageCount } = await run(channel);
    if (queue !== undefined && messageCount !== undefined) ready.set(queue, messageCount);
    return 'there';
  } catch (error) {
    if (replyCode(error) === 404) return 'missing';
    if (replyCode(error) === 403) return 'hidden';
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
      queue: name,
      run: (channel: Channel) => channel.checkQueue(name),
    })),
  ];
}
