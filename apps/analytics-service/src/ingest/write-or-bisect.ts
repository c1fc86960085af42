import { isDataFault } from '@mentorhub/task-store';

/** An item that was not written. */
export interface Unwritten<Item> {
  readonly item: Item;
  readonly error: Error;
  /** Somebody holds the lock of what it concerns: it can be written later. Otherwise the database refuses it by itself. */
  readonly locked: boolean;
}

/**
 * Writes items together. When the data is refused, or a lock is held for too long, halves are tried until the culprits stand
 * alone; all others are then written, and the culprits returned.
 *
 * @throws whatever else `write` throws; some items may be written by then.
 */
export async function writeOrBisect<Item>(
  items: readonly Item[],
  write: (items: readonly Item[]) => Promise<void>,
): Promise<Unwritten<Item>[]> {
  const [first] = items;
  if (first === undefined) return [];
  try {
    await write(items);
    return [];
  } catch (error) {
    const locked = isLockTimeout(error);
    if (!locked && !isDataFault(error)) throw error;
    if (items.length === 1) return [{ item: first, error: error as Error, locked }];
    const half = Math.ceil(items.length / 2);
    const unwritten = await writeOrBisect(items.slice(0, half), write);
    return [...unwritten, ...(await writeOrBisect(items.slice(half), write))];
  }
}

const isLockTimeout = (error: unknown): boolean => (error as { code?: unknown }).code === '55P03';
