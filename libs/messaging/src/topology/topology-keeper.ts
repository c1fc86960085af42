import { EventEmitter, once } from 'node:events';
import { BrokerConfigurationError } from '../connection/broker-configuration-error.js';
import type { BrokerConnection } from '../connection/broker-connection.js';
import { closeChannel } from '../connection/channel-closing.js';
import type { Logger } from '../connection/logger.js';
import { RecoveryLoop } from '../connection/recovery-loop.js';
import { declareTopology } from './declare-topology.js';
import type { Topology } from './topology.js';
import { TopologyMissingError, verifyTopology } from './verify-topology.js';

export interface TopologyKeeperOptions {
  connection: BrokerConnection;
  topology: Topology;
  mode: 'declare' | 'verify';
  logger: Logger;
  onFatal(error: BrokerConfigurationError): void;
}

/**
 * Keeps the topology in place: puts it there (mode `declare`) or looks for it (mode `verify`).
 *
 * 1. On each connection, and whenever someone doubts it (a 404, a cancelled consumer), it works through the whole topology.
 * 2. Done → `inPlace` resolves for all who wait, and the event `inPlace` is emitted.
 * 3. Failed → again with growing waits; what trying again cannot mend goes to `onFatal`.
 *
 * It works on the consuming connection alone: under an alarm the broker stops reading the publishing one, and both would otherwise declare
 * the same things at the same moment.
 */
export class TopologyKeeper extends EventEmitter<{ inPlace: [] }> {
  private readonly keeping: RecoveryLoop;
  private readonly stopped = new AbortController();
  private confirmed = false;
  private everConfirmed = false;
  private doubts = 0;

  constructor(private readonly options: TopologyKeeperOptions) {
    super();
    this.setMaxListeners(0);
    const { connection, logger } = options;
    this.keeping = new RecoveryLoop({
      isWanted: () => connection.current !== undefined && !this.confirmed,
      attempt: () => this.run(),
      onFailure: (error) => logger.error({ reason: error.message }, 'The topology is not in place; trying again.'),
    });
    connection.on('up', () => this.keeping.wake());
    connection.on('down', () => this.doubt());
  }

  get isInPlace(): boolean {
    return this.confirmed;
  }

  doubt(): void {
    this.doubts += 1;
    this.confirmed = false;
    this.keeping.wake();
  }

  /** Resolves when it is in place and not in doubt; rejects when `stop` is called before. */
  async inPlace(): Promise<void> {
    if (!this.confirmed) await once(this, 'inPlace', { signal: this.stopped.signal });
  }

  stop(): void {
    this.keeping.stop();
    this.stopped.abort();
  }

  private async run(): Promise<void> {
    const doubts = this.doubts;
    try {
      await this.apply();
    } catch (error) {
      if (this.isFatal(error)) this.options.onFatal(error);
      throw error;
    }
    if (doubts === this.doubts) this.confirm();
  }

  private confirm(): void {
    this.confirmed = true;
    this.everConfirmed = true;
    this.emit('inPlace');
  }

  private async apply(): Promise<void> {
    const { connection, topology, mode } = this.options;
    const current = connection.open();
    if (mode === 'verify') return verifyTopology(current, topology);
    const channel = await current.createChannel();
    channel.on('error', () => undefined);
    await declareTopology(channel, topology);
    await closeChannel(channel);
  }

  /** What goes missing later may be on its way back: a running service waits for it. */
  private isFatal(error: unknown): error is BrokerConfigurationError {
    if (error instanceof TopologyMissingError) return !this.everConfirmed;
    return error instanceof BrokerConfigurationError;
  }
}
