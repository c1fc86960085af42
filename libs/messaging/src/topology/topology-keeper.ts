import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
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
  lookEverySeconds: number;
  logger: Logger;
  onFatal(error: BrokerConfigurationError): void;
}

/** Since 4.3 each binding that is declared again costs RabbitMQ a write to its replicated store; looking at names costs next to nothing. */
const looksPerDeclaration = 8;

/** Much longer than RabbitMQ takes to tell all consumers of a queue that it was deleted. */
const pauseBeforeDeclaringAgainMs = 500;

interface TopologyEvents {
  inPlace: [];
  /** How many messages are ready in each queue that could be looked at. */
  looked: [ready: ReadonlyMap<string, number>];
}

/**
 * Keeps the topology in place: puts it there (mode `declare`) or looks for it (mode `verify`).
 *
 * 1. On each connection, and whenever someone doubts it (a 404, a cancelled consumer), it works through the whole topology.
 *    It also does so soon when a publish was returned. What was deleted by others tells nobody, so every `lookEverySeconds` it looks
 *    whether all names are there, and every eighth time works through everything, bindings included. Until a look finds a fault
 *    the topology counts as in place.
 * 2. Done → `inPlace` resolves for all who wait, and the event `inPlace` is emitted: each time, for those who keep bindings
 *    of their own. Looked at → the event `looked`, for those who consume.
 * 3. What was deleted is not declared again at once: RabbitMQ 3.10 forgets a consumer whose queue is there again before its channel
 *    was told.
 * 4. Failed → not in place; again with growing waits. At the start, what trying again cannot mend goes to `onFatal`.
 *
 * It works on the consuming connection alone: under an alarm the broker stops reading the publishing one, and both would otherwise declare
 * the same things at the same moment.
 */
export class TopologyKeeper extends EventEmitter<TopologyEvents> {
  private readonly keeping: RecoveryLoop;
  private readonly stopped = new AbortController();
  /** What this user may not look at, of the present connection. */
  private readonly hidden = new Set<string>();
  private ticking: NodeJS.Timeout | undefined;
  private wanted: 'names' | 'everything' | undefined;
  private ticks = 0;
  private confirmed = false;
  private everConfirmed = false;
  private doubts = 0;

  constructor(private readonly options: TopologyKeeperOptions) {
    super();
    this.setMaxListeners(0);
    const { connection, logger } = options;
    this.keeping = new RecoveryLoop({
      isWanted: () => connection.current !== undefined && (!this.confirmed || this.wanted !== undefined),
      attempt: () => this.run(),
      onFailure: ({ message: reason }) =>
        logger.error({ away: 'the topology of RabbitMQ', reason }, 'The topology is not in place; trying again.'),
    });
    connection.on('up', () => this.keeping.wake());
    connection.on('down', () => {
      this.hidden.clear();
      this.doubt();
    });
  }

  start(): void {
    this.ticking ??= setInterval(() => this.tick(), this.options.lookEverySeconds * 1000).unref();
  }

  get isInPlace(): boolean {
    return this.confirmed;
  }

  /** Something is known to be gone: not in place until it was looked at. */
  doubt(): void {
    this.doubts += 1;
    this.confirmed = false;
    this.keeping.wake();
  }

  /** Something may be gone: looks at everything soon; however often it is called, every 2 s at most. */
  look(): void {
    this.want('everything');
  }

  /** Resolves when it is in place and not in doubt; rejects when `stop` is called before. */
  async inPlace(): Promise<void> {
    if (!this.confirmed) await once(this, 'inPlace', { signal: this.stopped.signal });
  }

  stop(): void {
    clearInterval(this.ticking);
    this.keeping.stop();
    this.stopped.abort();
  }

  private tick(): void {
    this.ticks += 1;
    this.want(this.ticks % looksPerDeclaration === 0 ? 'everything' : 'names');
  }

  private want(what: 'names' | 'everything'): void {
    // One that is wanted already is on its way; waking again would end the wait that spaces them.
    const onItsWay = this.wanted !== undefined;
    if (this.wanted !== 'everything') this.wanted = what;
    if (!onItsWay) this.keeping.wake();
  }

  private async run(): Promise<void> {
    const doubts = this.doubts;
    const names = this.confirmed && this.wanted === 'names';
    this.wanted = undefined;
    try {
      await this.apply(names);
    } catch (error) {
      this.confirmed = false;
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

  /** @param names whether it is enough to look at names, as long as none is missing; only once it was in place. */
  private async apply(names: boolean): Promise<void> {
    const { connection, topology, mode } = this.options;
    const current = connection.open();
    if (mode === 'verify') return this.verify(current);
    if (this.everConfirmed) {
      const complete = await this.isComplete(current);
      if (complete && names) return;
      if (!complete) await pause(pauseBeforeDeclaringAgainMs, undefined, { ref: false });
    }
    const channel = await current.createChannel();
    channel.on('error', () => undefined);
    await declareTopology(channel, topology);
    await closeChannel(channel);
  }

  private async isComplete(current: ChannelModel): Promise<boolean> {
    try {
      await this.verify(current);
      return true;
    } catch (error) {
      if (!(error instanceof TopologyMissingError)) throw error;
      this.confirmed = false;
      this.options.logger.warn({ missing: error.missing }, 'Some of the topology was deleted; it is declared again.');
      return false;
    }
  }

  private async verify(current: ChannelModel): Promise<void> {
    const known = this.hidden.size;
    const ready = await verifyTopology(current, this.options.topology, this.hidden);
    if (this.hidden.size > known)
      this.options.logger.info({ hidden: [...this.hidden] }, 'This user may not look at all of the topology.');
    this.emit('looked', ready);
  }

  /** What goes missing or is changed later may be on its way back: a running service waits for it. */
  private isFatal(error: unknown): error is BrokerConfigurationError {
    return error instanceof BrokerConfigurationError && !this.everConfirmed;
  }
}
