import { jest } from '@jest/globals';
import type { Delivery } from '@mentorhub/messaging';
import { defineCatalogue, defineTask } from '@mentorhub/task-contracts';
import { z } from 'zod';
import type { Job } from '../job/job.js';
import type { Outcome } from '../outcome/outcome.js';
import type { EffectsOptions } from '../running/claims.js';
import { RateLimiter } from '../flow/rate-limiter.js';
import type { SharedRatesOf } from '../flow/shared-rates.js';
import { LimitFlow } from './limit-flow.js';

const shape = { version: 1, effects: 'idempotent', payload: z.strictObject({}) } as const;
const Limited = defineTask({ ...shape, name: 'example.limit', rateLimit: { limit: 20, perSeconds: 1 } });
const Keyed = defineTask({ ...shape, name: 'example.key', concurrencyKey: () => 'k' });
const routes = [{ pattern: '*', queue: 'work' }];
const catalogue = defineCatalogue({ tasks: [Limited, Keyed], events: [], routes });

const done: Outcome = { kind: 'unstarted' };

/** A worker whose PostgreSQL gives every start and every slot at once, and one of its jobs. */
function worker(contract: Job['contract'], sharedRates?: SharedRatesOf) {
  const flow = {
    leaseStarts: jest.fn(() => Promise.resolve({ starts: 1, firstInSeconds: 0 })),
    takeSlot: jest.fn(() => Promise.resolve(true)),
    freeSlot: jest.fn(() => Promise.resolve()),
  };
  const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const options = { store: { flow }, logger, runner: { payloadOf: () => ({}) } } as unknown as EffectsOptions;
  let placeComesAfterMs = 0;
  const { now } = performance;
  let late = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + late);
  const waits: unknown[] = [];
  const waitWithoutPlace = async <T>(wait: Promise<T>): Promise<T> => {
    const got = await wait;
    waits.push(got);
    late += placeComesAfterMs;
    return got;
  };
  const job = { contract, delivery: { queue: 'work' } as Delivery, waitWithoutPlace } as unknown as Job;
  const limit = new LimitFlow(catalogue, options, sharedRates);
  const { step } = limit;
  return {
    flow,
    waits,
    run: (next = () => Promise.resolve(done)) => step(job, next),
    placeComesAfter: (ms: number) => (placeComesAfterMs = ms),
  };
}

describe('Holding tasks back', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each([
    ['not at all when its place comes at once', 0, 0],
    ['behind others that are late when its place comes long after its turn', 1_500, 1],
  ])('lets a task wait once more: %s', async (_, ms, times) => {
    const late = jest.spyOn(RateLimiter.prototype, 'afterOthersThatAreLate');
    const { run, placeComesAfter } = worker(Limited);
    placeComesAfter(ms);
    expect(await run()).toBe(done);
    expect(late).toHaveBeenCalledTimes(times);
  });

  it('keeps its place for a slot that is free, and gives it up for one that is not', async () => {
    const { flow, waits, run } = worker(Keyed);
    expect(await run()).toBe(done);
    expect(waits).toEqual([]);
    flow.takeSlot.mockResolvedValueOnce(false);
    expect(await run()).toBe(done);
    expect(waits).toEqual([expect.any(Function)]);
  });

  it.each<[string, SharedRatesOf | undefined, () => Promise<Outcome>]>([
    [
      'the rates cannot be told',
      () => {
        throw new Error('its own');
      },
      () => Promise.resolve(done),
    ],
    ['what follows fails', undefined, () => Promise.reject(new Error('its own'))],
  ])('gives a slot back when %s', async (_, sharedRates, next) => {
    const { flow, run } = worker(Keyed, sharedRates);
    await run(next).catch(() => undefined);
    expect(flow.freeSlot).toHaveBeenCalledTimes(1);
    // The next of the key is not behind it.
    await run(next).catch(() => undefined);
    expect(flow.takeSlot).toHaveBeenCalledTimes(2);
  });
});
