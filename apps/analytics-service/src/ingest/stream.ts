import type { Delivery } from '@mentorhub/messaging';
import type { EntityManager } from 'typeorm';

/** What one message holds. */
export interface Reading<Item> {
  readonly items: readonly Item[];
  /** The part of it that could not be read, and why. */
  readonly unreadable?: { readonly body: Buffer; readonly error: Error };
}

/** Messages that are written to the database in batches; driven by {@link StreamIngest}. */
export interface Stream<Item> {
  readonly queue: string;
  /** Messages that may wait in this process. */
  readonly prefetch: number;
  /** Never throws. */
  read(delivery: Delivery): Reading<Item>;
  /** Writes items through `tx`. The same items may come again, so writing twice has to be writing once. */
  write(tx: EntityManager, items: readonly Item[]): Promise<void>;
  /**
   * Locks in `tx` what these items concern, as far as nobody else holds it, and answers those of them that somebody does. Asked for
   * when a write had to wait for a lock; without it such items are found by halves.
   */
  heldElsewhere?(tx: EntityManager, items: readonly Item[]): Promise<ReadonlySet<Item>>;
  /** They are committed. */
  written(items: readonly Item[]): void;
  /** Keeps what could not be read or what the database refuses, durably once it resolves; may be called again. */
  setAside(delivery: Delivery, rest: Rest<Item>): Promise<void>;
}

export type Rest<Item> =
  | { readonly reason: 'undecodable'; readonly body: Buffer; readonly error: Error }
  | { readonly reason: 'refused'; readonly items: readonly Item[]; readonly error: Error };
