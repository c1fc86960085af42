import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { messagingMetrics } from '@mentorhub/metrics';
import { AmqpConnectionManagerClass } from 'amqp-connection-manager';
import { credentials, type ChannelModel } from 'amqplib';
import { type BrokerAddress, brokerAddress, describeAddress } from './broker-address.js';
import type { BrokerConfigurationError } from './broker-configuration-error.js';
import { isClosed } from './channel-closing.js';
import { ConnectFailureJudge } from './connect-failure.js';
import { readDeliveries } from './delivery-reader.js';
import { GrowingDelay } from './growing-delay.js';
import { passOverLateFrames } from './late-frames.js';
import type { Logger } from './logger.js';
import { publishTagHeader } from './publish-tag.js';
import { readInTurns } from './read-in-turns.js';
import { settledWithin } from './settled-within.js';

const closeWithinSeconds = 2;
const connectTimeoutMs = 10_000;
/** A connection that lasted less counts as a failure: what is closed again at once must not be opened in a hot loop. */
const stableAfterMs = 5_000;

export interface BrokerConnectionOptions {
  role: 'publish' | 'consume';
  urls: string[];
  clientName: string;
  heartbeatSeconds: number;
  longestReconnectSeconds: number;
  logger: Logger;
  onFatal(error: BrokerConfigurationError): void;
}

interface ConnectionEvents {
  up: [];
  down: [];
  blocked: [];
  unblocked: [];
}

/**
 * One connection to the broker that comes back by itself.
 *
 * 1. `start` connects in the background; `up` is emitted on each success, when `current` is set.
 * 2. Lost or not there → `down`, then again after 0.1 s, doubling to the longest wait; each failure is logged as `away`.
 * 3. A refusal that would repeat is reported by `onFatal`; the owner then calls `close`.
 * 4. `close` ends it: politely within 2 s, else by destroying the socket, also one that still connects.
 *
 * Channels are opened on `current` directly: the manager's own channel wrapper buffers without bound, does not reopen a channel that the
 * server closed, and acks on whatever channel is current.
 */
export class BrokerConnection extends EventEmitter<ConnectionEvents> {
  current: ChannelModel | undefined;
  blocked = false;
  address: BrokerAddress | undefined;
  private readonly judge = new ConnectFailureJudge();
  private readonly delay: GrowingDelay;
  /** Ends the socket of the try or the connection that is under way. One of them for all would keep every socket that ever was. */
  private sockets = new AbortController();
  private connectedAt = performance.now();
  private manager: AmqpConnectionManagerClass | undefined;
  private ending = false;
  private closing: Promise<void> | undefined;
  private failures = 0;

  constructor(private readonly options: BrokerConnectionOptions) {
    super();
    this.setMaxListeners(0);
    this.delay = new GrowingDelay(0.1, options.longestReconnectSeconds);
  }

  start(): void {
    if (this.manager || this.ending) return;
    const { urls, heartbeatSeconds } = this.options;
    this.address = brokerAddress(urls[0] ?? '');
    this.manager = new AmqpConnectionManagerClass(
      urls.map((url) => ({ url, connectionOptions: this.socketOptions(url) })),
      { heartbeatIntervalInSeconds: heartbeatSeconds },
    );
    this.listen(this.manager);
    // It rejects on refused credentials, which `connectFailed` reports too.
    this.manager.connect().catch(() => undefined);
  }

  /** The open connection; throws when there is none. */
  open(): ChannelModel {
    if (!this.current) throw new Error('The connection to RabbitMQ was lost meanwhile.');
    return this.current;
  }

  close(): Promise<void> {
    this.ending = true;
    this.closing ??= this.closeManager();
    return this.closing;
  }

  private socketOptions(url: string) {
    const { role, clientName } = this.options;
    const signal = () => this.sockets.signal;
    return {
      noDelay: true,
      keepAlive: true,
      timeout: connectTimeoutMs,
      clientProperties: { connection_name: `${clientName} (${role})` },
      credentials: credentialsOf(url),
      /** Read anew for each socket. */
      get signal() {
        return signal();
      },
    };
  }

  private listen(manager: AmqpConnectionManagerClass): void {
    manager.on('connect', ({ connection, url }: { connection: ChannelModel; url: string }) =>
      this.connected(connection, url),
    );
    manager.on('connectFailed', ({ err, url }: { err: Error; url?: string }) => this.failed(err, url));
    manager.on('disconnect', ({ err }: { err?: Error }) => {
      this.lost(err);
      this.renewSockets();
    });
    manager.on('blocked', ({ reason }: { reason: string }) => this.setBlocked(true, reason));
    manager.on('unblocked', () => this.setBlocked(false));
  }

  private connected(connection: ChannelModel, url: string): void {
    if (this.ending) return;
    this.connectedAt = performance.now();
    // Closed in the same packet as it was opened, before anybody could listen: nothing would ever tell.
    if (isClosed(connection.connection)) return void connection.emit('close', new Error('closed while it was opened'));
    const { role, logger } = this.options;
    this.current = connection;
    readInTurns(socketOf(connection));
    passOverLateFrames(connection);
    readDeliveries(connection, publishTagHeader);
    this.address = brokerAddress(url);
    this.judge.connected();
    this.failures = 0;
    messagingMetrics.connectionUp.set({ role }, 1);
    logger.info({ back: 'RabbitMQ', role, broker: describeAddress(this.address) }, 'Connected to RabbitMQ.');
    this.emit('up');
  }

  private failed(error: Error, url?: string): void {
    if (this.ending || !this.manager) return;
    this.manager.reconnectTimeInSeconds = this.delay.nextSeconds();
    this.failures += 1;
    if (url) this.address = brokerAddress(url);
    const permanent = this.address && this.judge.permanent(error, this.address);
    if (permanent) this.options.onFatal(permanent);
    else this.warn(error);
    this.renewSockets();
  }

  /** Ends what is left of a connection that is lost: its socket would wait for the end of a peer that may be silent. */
  private renewSockets(): void {
    if (this.ending) return;
    this.sockets.abort();
    this.sockets = new AbortController();
  }

  private lost(error?: Error): void {
    if (!this.manager) return;
    if (performance.now() - this.connectedAt >= stableAfterMs) this.delay.reset();
    this.manager.reconnectTimeInSeconds = this.delay.nextSeconds();
    this.current = undefined;
    messagingMetrics.connectionUp.set({ role: this.options.role }, 0);
    this.setBlocked(false);
    if (!this.ending) this.warn(error ?? new Error('closed'));
    this.emit('down');
  }

  private warn(error: Error): void {
    const { role, logger } = this.options;
    const broker = this.address && describeAddress(this.address);
    logger.warn(
      { away: 'RabbitMQ', role, broker, reason: reasonOf(error), tries: this.failures },
      'RabbitMQ is away; trying again until it is back.',
    );
  }

  private setBlocked(blocked: boolean, reason?: string): void {
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    const { role, logger } = this.options;
    messagingMetrics.connectionBlocked.set({ role }, blocked ? 1 : 0);
    if (blocked)
      logger.warn({ role, reason }, 'RabbitMQ blocked the connection; publishing waits until its alarm is over.');
    else logger.info({ role }, 'RabbitMQ no longer blocks the connection.');
    this.emit(blocked ? 'blocked' : 'unblocked');
  }

  private async closeManager(): Promise<void> {
    const { manager, current } = this;
    if (!manager) return this.sockets.abort();
    this.lost();
    // Whatever wait the manager is in ends at once, so that its timer does not outlive us.
    manager.reconnectTimeInSeconds = 0.001;
    if (!current) this.sockets.abort();
    await settledWithin(closeWithinSeconds, manager.close());
    this.sockets.abort();
    if (current) await socketClosed(current);
  }
}

/** amqplib ends its socket without waiting for it; a process that counts its handles would still see it. */
async function socketClosed(connection: ChannelModel): Promise<void> {
  const socket = socketOf(connection);
  if (!socket.closed) await once(socket, 'close');
}

/** A host with several addresses fails once for each of them, and the error about all of them has no message. */
export const reasonOf = (error: Error): string =>
  error.message || (error instanceof AggregateError ? error.errors.map(reasonOf).join('; ') : error.name);

/** amqplib decodes those of a URL as if it were written in Latin-1. Undefined: it takes its own. */
function credentialsOf(url: string): ReturnType<typeof credentials.plain> | undefined {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  return credentials.plain(decodeURIComponent(username), decodeURIComponent(password));
}

const socketOf = ({ connection }: ChannelModel): Socket => (connection as unknown as { stream: Socket }).stream;
