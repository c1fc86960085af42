import { isDataFault } from '@mentorhub/task-store';

/** An item that the database refuses by itself. */
export interface Refused<Item> {
  readonly item: Item;
  readonly error: Error;
}

/**
 * Writes items together. When the data is refused, halves are tried until the culprits stand alone; all others are then
 * written, and the culprits returned.
 *
 * @throws whatever else `write` throws; some items may be written by then.
 */
export async function writeOrBisect<Item>(
  items: readonly Item[],
  write: (items: readonly Item[]) => Promise<void>,
): Promise<Refused<Item>[]> {
  const [first] = items;
  if (first === undefined) return [];
  try {
    await write(items);
    return [];
  } catch (error) {
    if (!isDataFault(error)) throw error;
    if (items.length === 1) return [{ item: first, error: error as Error }];
    const half = Math.ceil(items.length / 2);
    const refused = await writeOrBisect(items.slice(0, half), write);
    return [...refused, ...(await writeOrBisect(items.slice(half), write))];
  }
}
