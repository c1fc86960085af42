import { EventEmitter, once } from 'node:events';
import type { Channel } from 'amqplib';
import { initialiseMessagingLabels } from '@mentorhub/metrics';
import { brokerAddress } from './connection/broker-address.js';
import { BrokerConfigurationError } from './connection/broker-configuration-error.js';
import { BrokerConnection } from './connection/broker-connection.js';
import type { Logger } from './connection/logger.js';
import type {
  Consumer,
  ConsumerOptions,
  SharedConsumerOptions,
  TemporaryConsumerOptions,
} from './consuming/consumer.js';
import { QueueConsumer } from './consuming/queue-consumer.js';
import { declareSharedQueue } from './consuming/shared-queue.js';
import { declareTemporaryQueue } from './consuming/temporary-queue.js';
import { ConfirmingPublisher, type PublishingLimits } from './publishing/confirming-publisher.js';
import type { MessagePublisher } from './publishing/message-publisher.js';
import type { Topology } from './topology/topology.js';
import { TopologyKeeper } from './topology/topology-keeper.js';

export interface BrokerOptions {
  /** `amqp://user:password@host:5672/vhost`; of several, one after the other is tried. */
  url: string | string[];
  /** How the broker's pages call this process's connections. */
  clientName: string;
  topology: Topology;
  /** `declare` creates what is missing; `verify` only looks whether the exchanges and queues exist. */
  topologyMode: 'declare' | 'verify';
  logger: Logger;
  publishing?: Partial<PublishingLimits>;
  /** Default 15. A dead connection is noticed after two to three of these. */
  heartbeatSeconds?: number;
  /** Default 15: how often it is looked whether the topology is there although nothing points to a fault; every eighth time it is declared again. */
  topologyEverySeconds?: number;
  /** The longest wait between two tries to connect. Default 3: a broker that is back has its consumers back within 10 s. Doubles from 0.1. */
  reconnectSeconds?: number;
  /** Called once when it cannot go on: BrokerConfigurationError. It has then stopped trying; print the message and exit. */
  onFatal(error: Error): void;
}

const defaultLimits: PublishingLimits = {
  confirmWindow: 1000,
  maxWaiting: 10_000,
  maxWaitingBytes: 64 * 1024 * 1024,
  confirmTimeoutSeconds: 10,
  replaceChannelSeconds: 60,
};

/**
 * The process's way to RabbitMQ: one connection to publish, one to consume (a blocked connection stops everything on its socket).
 *
 * 1. `start` connects in the background and never throws; the broker may be away, now or later.
 * 2. Once the consuming connection is up, the topology is declared or verified; then the publisher and the consumers open their channels.
 *    All of this repeats after every loss, and the topology is looked at every so often besides.
 * 3. What trying again cannot mend stops both connections and is told by `onFatal`. A topology that goes missing or is changed under a
 *    running service is not of that kind: it is logged and waited for.
 * 4. `close`: consumers, then what is outstanding to be confirmed, then the connections.
 *
 * @example
 * const broker = new Broker({ url, clientName: 'email-service', topology, topologyMode: 'declare', logger, onFatal: exitWith });
 * broker.start();
 * const consumer = broker.consume({ queue: 'email', prefetch: 100, onDelivery: (delivery) => void handle(delivery) });
 */
export class Broker {
  private readonly connections: { publish: BrokerConnection; consume: BrokerConnection };
  private readonly keeper: TopologyKeeper;
  private readonly confirming: ConfirmingPublisher;
  private readonly consumers = new Set<Consumer>();
  private readonly readiness = new EventEmitter();
  private readonly ended = new AbortController();
  private closing: Promise<void> | undefined;

  constructor(private readonly options: BrokerOptions) {
    const { logger } = options;
    this.readiness.setMaxListeners(0);
    initialiseMessagingLabels({ exchanges: options.topology.exchanges.map(({ name }) => name), queues: [] });
    this.connections = { publish: this.connection('publish'), consume: this.connection('consume') };
    const { publish, consume } = this.connections;
    const { topology, topologyMode: mode, topologyEverySeconds: lookEverySeconds = 15 } = options;
    this.keeper = new TopologyKeeper({
      connection: consume,
      topology,
      mode,
      lookEverySeconds,
      logger,
      onFatal: (error) => this.fail(error),
    });
    this.keeper.on('inPlace', this.announceIfReady);
    this.confirming = new ConfirmingPublisher(
      publish,
      this.keeper,
      { ...defaultLimits, ...options.publishing },
      logger,
      this.announceIfReady,
    );
  }

  get publisher(): MessagePublisher {
    return this.confirming;
  }

  get state(): { publishing: 'up' | 'down' | 'blocked'; consuming: 'up' | 'down' } {
    const { publish, consume } = this.connections;
    return {
      publishing: publish.blocked ? 'blocked' : this.confirming.ready ? 'up' : 'down',
      consuming: consume.current && this.keeper.isInPlace ? 'up' : 'down',
    };
  }

  /** Whether all that the broker must have is there, as far as the last look tells. */
  get topologyInPlace(): boolean {
    return this.keeper.isInPlace;
  }

  /** The same for a readiness check: true, or the sentence that says what is wrong. */
  get topologyHealth(): true | string {
    return (
      this.topologyInPlace ||
      'Not all exchanges and queues are there: RabbitMQ is away, or some were deleted. They are looked at again by themselves.'
    );
  }

  /** For who has a reason to think that something is gone: has everything looked at, and its consumers' queues bound again, within 2 s. */
  lookAtTopology(): void {
    this.keeper.look();
  }

  start(): void {
    try {
      for (const url of this.urls()) brokerAddress(url);
      this.confirming.start();
      this.keeper.start();
      this.connections.consume.start();
      this.connections.publish.start();
    } catch (error) {
      this.fail(error as BrokerConfigurationError);
    }
  }

  /** Resolves when both connections are up and the topology is in place; rejects when the signal fires, on a fatal error or on `close`. */
  async untilReady(signal?: AbortSignal): Promise<void> {
    const ended = signal ? AbortSignal.any([signal, this.ended.signal]) : this.ended.signal;
    ended.throwIfAborted();
    if (this.isReady) return;
    await once(this.readiness, 'ready', { signal: ended }).catch(() => ended.throwIfAborted());
  }

  /** Consumes a queue of the topology. It subscribes by itself, now or when the broker is there, and again after every loss. */
  consume(options: ConsumerOptions): Consumer {
    initialiseMessagingLabels({ exchanges: [], queues: [options.queue] });
    return this.track(new QueueConsumer(this.connections.consume, this.keeper, options, this.options.logger));
  }

  /** Consumes a queue of its own that vanishes with the connection: broadcasts and replies. What is sent while it is away is lost. */
  consumeTemporary(options: TemporaryConsumerOptions): Consumer {
    const { connections, keeper } = this;
    const named = { ...options, queue: options.name };
    const declare = (channel: Channel) => declareTemporaryQueue(channel, options);
    return this.track(
      new QueueConsumer(connections.consume, keeper, named, this.options.logger, { ...options, declare }),
    );
  }

  /**
   * Consumes a queue that is there as long as anybody consumes it, together with all others who do. What waits in it when
   * the last of them goes is lost. Its options cannot be changed while it exists: they belong to its name.
   */
  consumeShared(options: SharedConsumerOptions): Consumer {
    initialiseMessagingLabels({ exchanges: [], queues: [options.queue] });
    const { connections, keeper } = this;
    const declare = (channel: Channel) => declareSharedQueue(channel, options);
    return this.track(
      new QueueConsumer(connections.consume, keeper, options, this.options.logger, { ...options, declare }),
    );
  }

  /** Idempotent. Afterwards no handle of it is left. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private connection(role: 'publish' | 'consume'): BrokerConnection {
    const { clientName, logger, heartbeatSeconds = 15, reconnectSeconds = 3 } = this.options;
    const urls = this.urls();
    const onFatal = (error: BrokerConfigurationError): void => this.fail(error);
    return new BrokerConnection({
      role,
      urls,
      clientName,
      heartbeatSeconds,
      longestReconnectSeconds: reconnectSeconds,
      logger,
      onFatal,
    });
  }

  private urls(): string[] {
    return [this.options.url].flat();
  }

  private track(consumer: QueueConsumer): Consumer {
    this.consumers.add(consumer);
    void consumer.closed.then(() => this.consumers.delete(consumer));
    return consumer;
  }

  private get isReady(): boolean {
    return this.confirming.isOpen && this.connections.consume.current !== undefined && this.keeper.isInPlace;
  }

  private readonly announceIfReady = (): void => {
    if (this.isReady) this.readiness.emit('ready');
  };

  private fail(error: BrokerConfigurationError): void {
    if (this.ended.signal.aborted) return;
    this.ended.abort(error);
    this.keeper.stop();
    void this.connections.publish.close();
    void this.connections.consume.close();
    this.options.onFatal(error);
  }

  private async closeAll(): Promise<void> {
    this.ended.abort(new Error('The broker was closed.'));
    await Promise.all([...this.consumers].map((consumer) => consumer.close()));
    await this.confirming.close();
    // After those who wait for the topology: to them its end would be a failure to report.
    this.keeper.stop();
    await Promise.all([this.connections.publish.close(), this.connections.consume.close()]);
  }
}
