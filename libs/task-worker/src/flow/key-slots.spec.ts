import type { Flow } from '@mentorhub/task-store';
import { createLogger } from '@mentorhub/service';
import { eventually } from '@mentorhub/testing';
import { KeySlots } from './key-slots.js';

const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false });

describe('The slots of a key in one process', () => {
  /** PostgreSQL always has a slot: who waits here waits for this process's own tasks. */
  const flow = { takeSlot: async () => true, renewSlot: async () => true, freeSlot: async () => undefined };
  const open = () => new KeySlots({ flow: flow as unknown as Flow, logger });

  it('go to whoever waits next, also when one before has given up', async () => {
    const slots = open();
    const free = await slots.take('key', 1, 60);
    expect(await slots.take('key', 1, 0.01)).toBeUndefined();
    const next = slots.take('key', 1, 60);
    await free?.();
    const freeNext = await next;
    expect(freeNext).toBeDefined();
    await freeNext?.();
  });

  it('let nobody in beside the last one that was woken', async () => {
    const slots = open();
    const free = await slots.take('key', 1, 60);
    const next = slots.take('key', 1, 60);
    await free?.();
    expect(await slots.take('key', 1, 0.05)).toBeUndefined();
    await (
      await next
    )?.();
  });

  it('are as many as the limit, for each key', async () => {
    const slots = open();
    const taken = await Promise.all([slots.take('a', 2, 0.01), slots.take('a', 2, 0.01), slots.take('b', 2, 0.01)]);
    expect(taken.every(Boolean)).toBe(true);
    expect(await slots.take('a', 2, 0.01)).toBeUndefined();
    for (const free of taken) await free?.();
  });

  it('send away who waits when the process stops', async () => {
    const slots = open();
    const free = await slots.take('key', 1, 60);
    const waiting = slots.take('key', 1, 60);
    slots.stop();
    expect(await waiting).toBeUndefined();
    await free?.();
  });

  it('are given back later when PostgreSQL was away, also one whose answer was lost', async () => {
    const freed: string[] = [];
    const taken: string[] = [];
    let away = false;
    const lost = () => Promise.reject(Object.assign(new Error('the database is away'), { code: '57P01' }));
    const slots = new KeySlots({
      logger,
      flow: {
        takeSlot: (_key: string, _limit: number, token: string) => (
          taken.push(token),
          away ? lost() : Promise.resolve(true)
        ),
        renewSlot: () => Promise.resolve(true),
        freeSlot: (_key: string, token: string) => (away ? lost() : Promise.resolve(void freed.push(token))),
      } as unknown as Flow,
    });
    const free = await slots.take('key', 2, 60);
    away = true;
    await expect(slots.take('key', 2, 60)).rejects.toThrow('away');
    await free?.();
    expect(freed).toEqual([]);
    away = false;
    await eventually(() => freed.length === 2, { what: 'both to be freed' });
    expect(freed.sort()).toEqual(taken.sort());
  });
});
