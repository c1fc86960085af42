import { toTaskId } from '@mentorhub/task-store';
import { v7 as uuidv7 } from 'uuid';
import type { EnqueueOptions } from '@mentorhub/tasks';
import { chooseQueue } from '@mentorhub/task-contracts';
import {
  defaultRetryPolicy,
  retryPolicy,
  type AnyEventContract,
  type AnyTaskContract,
  type Catalogue,
} from '@mentorhub/task-contracts';
import { checkPayload } from '@mentorhub/tasks/payload';
import type { Job } from './test-task.js';

/** What is left of a value after its way through a message. */
export const asJson = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

/** A task as a call enqueues it. @throws what `Tasks.enqueue` throws for what does not fit. */
export function taskJob(
  catalogue: Catalogue,
  contract: AnyTaskContract,
  payload: unknown,
  options: EnqueueOptions,
  now: number,
): Job {
  const { eta, countdownSeconds = 0, parent, expires } = options;
  const id = options.id === undefined ? uuidv7() : toTaskId(options.id);
  const dueAt = eta?.getTime() ?? now + countdownSeconds * 1000;
  return {
    ...unstarted(id, Math.max(now, dueAt)),
    contract,
    name: contract.name,
    payload: asJson(checkPayload(contract, payload)),
    queue: chooseQueue(catalogue, contract, options.queue),
    retry: retryPolicy(contract.name, options.retry, contract.retry),
    state: dueAt > now ? 'scheduled' : 'queued',
    expiresAt: expires,
    root: parent?.root ?? id,
    parentId: parent?.id,
  };
}

/** An event on its way to its handler. @throws {InvalidPayloadError} */
export function eventJob(contract: AnyEventContract, payload: unknown, now: number): Job {
  const id = uuidv7();
  return {
    ...unstarted(id, now),
    contract,
    name: contract.name,
    payload: asJson(checkPayload(contract, payload)),
    queue: 'events',
    retry: defaultRetryPolicy,
    state: 'queued',
    expiresAt: undefined,
    root: id,
    parentId: undefined,
  };
}

const unstarted = (id: string, dueAt: number) => ({
  id,
  eta: new Date(dueAt),
  dueAt: new Date(dueAt),
  attempts: [],
  result: undefined,
  progress: undefined,
  error: undefined,
  deferrals: 0,
  revoked: false,
  terminate: new AbortController(),
});
