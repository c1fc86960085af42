import { isDataFault } from '@mentorhub/task-store';

/** An item that was not written. */
export interface Unwritten<Item> {
  readonly item: Item;
  readonly error: Error;
  /** Somebody holds the lock of what it concerns: it can be written later. Otherwise the database refuses it by itself. */
  readonly locked: boolean;
}

/** Above so many waits for locks in one batch, what still meets one is left for later as a whole. */
const mostLockWaits = 50;

/**
 * Writes items together. When the data is refused, or a lock is held for too long, halves are tried until the culprits stand
 * alone; all others are then written, and the culprits returned. Where very many locks are held, some that could have been
 * written are among those that are returned as locked.
 *
 * @throws whatever else `write` throws; some items may be written by then.
 */
export function writeOrBisect<Item>(
  items: readonly Item[],
  write: (items: readonly Item[]) => Promise<void>,
): Promise<Unwritten<Item>[]> {
  let lockWaits = 0;
  const writePart = async (part: readonly Item[]): Promise<Unwritten<Item>[]> => {
    if (part.length === 0) return [];
    try {
      await write(part);
      return [];
    } catch (error) {
      const locked = isLockTimeout(error);
      if (!locked && !isDataFault(error)) throw error;
      if (locked) lockWaits += 1;
      if (part.length === 1 || (locked && lockWaits > mostLockWaits))
        return part.map((item) => ({ item, error: error as Error, locked }));
      const half = Math.ceil(part.length / 2);
      const unwritten = await writePart(part.slice(0, half));
      return [...unwritten, ...(await writePart(part.slice(half)))];
    }
  };
  return writePart(items);
}

export const isLockTimeout = (error: unknown): boolean => (error as { code?: unknown }).code === '55P03';
