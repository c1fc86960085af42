import type { Broker, Consumer, Delivery } from '@mentorhub/messaging';
import type { HealthChecks, Logger } from '@mentorhub/service';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { RetryPause } from './retry-pause.js';
import type { Reading, Stream } from './stream.js';
import { isLockTimeout, writeOrBisect, type Unwritten } from './write-or-bisect.js';

export interface IngestOptions<Item> {
  readonly stream: Stream<Item>;
  readonly broker: Broker;
  readonly dataSource: DataSource;
  /** Told whether messages reach it, as `consumer <queue>`. */
  readonly health: HealthChecks;
  readonly logger: Logger;
  /** A batch ends with the message that brings it to this many items. Default 1,000. */
  readonly batchItems?: number;
  /** Or to this many bytes. Default 4 MiB. */
  readonly batchBytes?: number;
}

interface Received<Item> extends Reading<Item> {
  readonly delivery: Delivery;
}

/** A row's lock is held for milliseconds, unless somebody keeps a transaction open. */
const lockTimeoutMs = 250;
/** For what is known to be held, and for a part of a batch that had to wait already: there may be many. */
const partLockTimeoutMs = 20;
const lockedAgainMs = 500;
/** So many times the stream's prefetch may be unacked, what waits for locks included. */
const mostTimesPrefetch = 4;

/** Keeps the message that an item came with. */
interface Sourced<Item> {
  readonly item: Item;
  readonly source: Received<Item>;
}

/**
 * Writes a stream of messages to PostgreSQL, one batch at a time, losing nothing and acking only what is safe.
 *
 * 1. `start` consumes; what arrives while a batch is written makes up the next one, so batches grow with the load.
 * 2. A batch is one transaction. What PostgreSQL refuses is found by halving and set aside; the rest is written.
 * 3. Only then its messages are acked. A crash before that delivers them again, to be written a second time.
 * 4. While PostgreSQL, or the broker for what is set aside, is away, the batch stays unacked and is tried again, which is
 *    the probe; the prefetch bounds what waits here meanwhile.
 * 5. What concerns a row that somebody keeps locked waits by itself, unacked, and is tried again twice a second. When it has
 *    taken half of the places, the others get as many anew, up to a bound.
 * 6. `stop` takes no more, finishes the batch under way and gives the rest back. Idempotent.
 */
export class StreamIngest<Item> implements OnApplicationBootstrap, OnModuleDestroy {
  private waiting: Delivery[] = [];
  private locked: Received<Item>[] = [];
  private lockedTriedAt = 0;
  private consumer: Consumer | undefined;
  private prefetch: number;
  /** Which places each delivery came to; those before the present ones count no longer for the broker. */
  private readonly placesOf = new WeakMap<Delivery, number>();
  private places = 0;
  /** Rows were found that somebody else holds: more places help the others then, as they do not when a whole table is locked. */
  private rowsAreHeld = false;
  private arrival = new AbortController();
  private working: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly options: IngestOptions<Item>) {
    this.prefetch = options.stream.prefetch;
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  start(): void {
    const { broker, stream, health } = this.options;
    this.consumer ??= broker.consume({
      queue: stream.queue,
      prefetch: this.prefetch,
      onDelivery: (delivery) => this.take(delivery),
    });
    const without = `This process has no consumer on the queue "${stream.queue}": RabbitMQ is away or the queue is gone. It subscribes again by itself.`;
    health.register(`consumer ${stream.queue}`, () => this.consumer?.active || without);
    health.register('topology', () => broker.topologyHealth);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.consumer?.cancel();
    await this.working;
    await this.consumer?.close();
  }

  private take(delivery: Delivery): void {
    // After a reconnect the broker delivers again what waits here; the old copies must not pile up.
    if (this.waiting.length >= this.prefetch) this.waiting = this.waiting.filter(isOpen);
    this.placesOf.set(delivery, this.places);
    this.waiting.push(delivery);
    this.arrival.abort();
    this.working ??= this.work();
  }

  private async work(): Promise<void> {
    await nextTurn(); // what came in the same packet belongs to the same batch
    const { signal } = this.stopping;
    while ((this.waiting.length > 0 || this.locked.length > 0) && !signal.aborted) {
      if (this.waiting.length > 0) await this.untilDone(this.nextBatch());
      else await this.untilNext(lockedAgainMs);
      await this.tryLocked();
    }
    this.working = undefined;
  }

  private async untilNext(mostMs: number): Promise<void> {
    this.arrival = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, this.arrival.signal]);
    await pause(mostMs, undefined, { signal }).catch(() => undefined);
  }

  private async tryLocked(): Promise<void> {
    if (this.locked.length === 0 || performance.now() - this.lockedTriedAt < lockedAgainMs) return;
    const left = this.locked.filter(({ delivery }) => isOpen(delivery));
    this.locked = [];
    while (left.length > 0 && !this.stopping.signal.aborted)
      await this.untilDone(
        this.portion(() => left.shift()),
        partLockTimeoutMs,
      );
    this.lockedTriedAt = performance.now();
    this.makeRoom();
  }

  private nextBatch(): Received<Item>[] {
    const { stream } = this.options;
    return this.portion(() => {
      const delivery = this.waiting.shift();
      return delivery && { delivery, ...readingOf(stream, delivery) };
    });
  }

  private portion(next: () => Received<Item> | undefined): Received<Item>[] {
    const { batchItems = 1_000, batchBytes = 4 << 20 } = this.options;
    const batch: Received<Item>[] = [];
    for (let items = 0, bytes = 0; items < batchItems && bytes < batchBytes;) {
      const received = next();
      if (!received) break;
      items += received.items.length;
      bytes += received.delivery.body.length;
      batch.push(received);
    }
    return batch;
  }

  private async untilDone(batch: readonly Received<Item>[], lockMs = lockTimeoutMs): Promise<void> {
    const pause = new RetryPause(this.stopping.signal);
    for (let open = batch; open.length > 0; open = batch.filter(({ delivery }) => isOpen(delivery))) {
      try {
        return await this.ingest(open, lockMs);
      } catch (error) {
        if (error !== this.stopping.signal.reason) this.tellFault(error, open.length);
      }
      if (!(await pause.over())) return;
    }
  }

  private async ingest(batch: readonly Received<Item>[], lockMs: number): Promise<void> {
    const sourced = batch.flatMap((source) => source.items.map((item) => ({ item, source })));
    const unwritten = await this.writeAll(sourced, lockMs);
    for (const received of batch) {
      const ofIt = unwritten.filter(({ item, locked }) => item.source === received && !locked);
      await this.setAsideOf(received, ofIt);
    }
    for (const { delivery, ...received } of batch) {
      const locked = unwritten.filter(({ item, locked }) => item.source.delivery === delivery && locked);
      if (locked.length === 0) delivery.ack();
      else
        this.locked.push({ ...received, delivery, items: locked.map(({ item }) => item.item), unreadable: undefined });
    }
    if (lockMs === lockTimeoutMs) this.makeRoom();
  }

  /** Waits for a lock once in a batch; then what is held is left out at once, and a stop waits for no more. */
  private async writeAll(sourced: readonly Sourced<Item>[], lockMs: number): Promise<Unwritten<Sourced<Item>>[]> {
    const after: { wait?: { readonly error: Error; readonly held: ReadonlySet<Item> } } = {};
    const unwritten = await writeOrBisect(sourced, async (part) => {
      if (after.wait) {
        this.stopping.signal.throwIfAborted();
        return this.write(without(part, after.wait.held), partLockTimeoutMs);
      }
      try {
        await this.write(part, lockMs);
      } catch (error) {
        if (!isLockTimeout(error)) throw error;
        const held = await this.heldElsewhere(sourced);
        after.wait = { error: error as Error, held };
        if (held.size === 0) throw error;
        await this.write(without(part, held), partLockTimeoutMs);
      }
    });
    if (!after.wait) return unwritten;
    const { error, held } = after.wait;
    return [
      ...unwritten.filter(({ item }) => !held.has(item.item)),
      ...sourced.filter(({ item }) => held.has(item)).map((item) => ({ item, error, locked: true })),
    ];
  }

  private async heldElsewhere(sourced: readonly Sourced<Item>[]): Promise<ReadonlySet<Item>> {
    const { dataSource, stream } = this.options;
    const items = sourced.map(({ item }) => item);
    const looking = dataSource.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = ${partLockTimeoutMs}`); // a whole table may be locked
      return (await stream.heldElsewhere?.(tx, items)) ?? new Set<Item>();
    });
    const held = await looking.catch((error: unknown) => {
      if (!isLockTimeout(error)) throw error;
      return new Set<Item>();
    });
    this.rowsAreHeld = held.size > 0;
    return held;
  }

  /** A consumer that takes the place of another one has all its places free: what is unacked counts no longer. */
  private makeRoom(): void {
    const { prefetch } = this.options.stream;
    const held = this.locked.filter(({ delivery }) => isOpen(delivery));
    const here = held.filter(({ delivery }) => this.placesOf.get(delivery) === this.places);
    if (held.length === 0) return this.resize(prefetch);
    if (!this.rowsAreHeld || here.length < prefetch / 2) return;
    if (held.length + this.waiting.length + prefetch + 1 > mostTimesPrefetch * prefetch) return;
    this.resize(this.prefetch === prefetch ? prefetch + 1 : prefetch); // with as many as before there would be no new one
  }

  private resize(prefetch: number): void {
    if (prefetch === this.prefetch) return;
    this.prefetch = prefetch;
    this.places += 1;
    this.consumer?.resize(prefetch);
  }

  private async write(part: readonly Sourced<Item>[], lockMs: number): Promise<void> {
    if (part.length === 0) return;
    const { dataSource, stream } = this.options;
    const items = part.map(({ item }) => item);
    await dataSource.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = ${lockMs}`);
      await stream.write(tx, items);
    });
    stream.written(items);
  }

  private async setAsideOf(
    { delivery, unreadable }: Received<Item>,
    refused: readonly Unwritten<Sourced<Item>>[],
  ): Promise<void> {
    const { stream, logger } = this.options;
    const [first] = refused;
    if (unreadable) await stream.setAside(delivery, { reason: 'undecodable', ...unreadable });
    if (first) {
      const items = refused.map(({ item }) => item.item);
      await stream.setAside(delivery, { reason: 'refused', items, error: first.error });
    }
    const err = unreadable?.error ?? first?.error;
    const fields = { err, queue: stream.queue, messageId: delivery.messageId };
    if (err) logger.error(fields, 'What could not be written was set aside.');
  }

  private tellFault(error: unknown, messages: number): void {
    const { queue } = this.options.stream;
    const fields = { away: `the place for what comes by queue ${queue}`, err: error, queue, messages };
    this.options.logger.warn(fields, 'A batch could not be written; it stays in the queue and is tried again.');
  }
}

const isOpen = (delivery: Delivery): boolean => delivery.channelOpen;

const without = <Item>(part: readonly Sourced<Item>[], held: ReadonlySet<Item>) =>
  part.filter(({ item }) => !held.has(item));

/** A stream does not throw here; if it does for some message, that must not end the process again and again. */
function readingOf<Item>(stream: Stream<Item>, delivery: Delivery): Reading<Item> {
  try {
    return stream.read(delivery);
  } catch (error) {
    return { items: [], unreadable: { body: delivery.body, error: error as Error } };
  }
}
