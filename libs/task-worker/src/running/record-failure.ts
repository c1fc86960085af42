import { portableHeaders } from '@mentorhub/messaging';
import { isReservedHeader } from '@mentorhub/task-store';
import type { EntityManager } from 'typeorm';
import type { Outcome, Failure } from '../outcome/outcome.js';
import { queueOf, type Job, runOf } from '../job/job.js';
import type { EffectsOptions } from './claims.js';

/**
 * Records how an attempt ended that did not succeed: in the inbox and, when it is to be tried again, as the same row due
 * again. A retry through the delay ladder is recorded by its message alone.
 *
 * @param token of a claim that was committed before the handler ran; undefined when `tx` itself claimed the task.
 * @returns what is left to settle.
 */
export async function recordFailure(
  { store, worker }: EffectsOptions,
  tx: EntityManager,
  job: Job,
  failure: Failure,
  token?: string,
): Promise<Outcome> {
  const run = runOf(job);
  if (failure.kind === 'retrying') {
    if (failure.through === 'ladder') return failure;
    const { delaySeconds, deferrals, event } = failure;
    const next = { task: run, token, delaySeconds, deferrals, error: event.error, worker, message: messageOf(job) };
    if (!(await store.endings.retry(tx, next))) return { kind: 'superseded' };
    store.relay.wakeAt(delaySeconds);
    return failure;
  }
  const recorded = token
    ? await store.inbox.finishClaim(tx, run, token, failure.kind, failure)
    : await store.inbox.finish(tx, run, failure.kind, failure);
  if (!recorded) return { kind: 'superseded' };
  if (failure.kind === 'failed') await store.endings.fail(tx, run, failure.event.error, worker);
  else if (!(await store.revocations.markRevoked(tx, run, worker))) return { kind: 'superseded' };
  return failure;
}

/** The message as the next attempt carries it, should the task have no row: headers that a row cannot hold are left out. */
function messageOf(job: Job) {
  const { contract, delivery, expiresAt } = job;
  const headers = Object.fromEntries(
    Object.entries(portableHeaders(delivery.headers)).filter(([name]) => !isReservedHeader(name)),
  );
  return {
    name: contract.name,
    version: contract.version,
    queue: queueOf(job),
    body: delivery.body,
    headers,
    expiresAt,
  };
}
