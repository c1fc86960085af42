import type { Delivery } from '@mentorhub/messaging';
import { derivedId, readTaskId, taskHeaders, type TaskEvent } from '@mentorhub/task-store';
import {
  defaultRetryPolicy,
  retryPolicy,
  type AnyEventContract,
  type AnyTaskContract,
  type Catalogue,
  type RetryPolicy,
} from '../define/index.js';
import type { Job } from './job.js';
import type { WaitAside } from './queue-lane.js';

/** Why a message can never be run here; it is parked with this reason, before any handler. */
export type UnreadableReason = 'undecodable' | 'unknown-task' | 'unknown-version' | 'invalid-payload' | 'unroutable';
export const unreadableReasons: readonly UnreadableReason[] = [
  'undecodable',
  'unknown-task',
  'unknown-version',
  'invalid-payload',
  'unroutable',
];

export class UnreadableMessage extends Error {
  override readonly name = 'UnreadableMessage';

  constructor(
    readonly reason: UnreadableReason,
    message: string,
  ) {
    super(message);
  }
}

const namePattern = /^[a-z0-9.-]{1,120}$/;

/** Reads a delivery by its `type` property, never by its routing key. @throws {UnreadableMessage} */
export function decodeDelivery(delivery: Delivery, catalogue: Catalogue, waitAside: WaitAside): Job {
  const { headers, messageId } = delivery;
  const id = readTaskId(messageId);
  if (!id) throw new UnreadableMessage('undecodable', 'It has no message id that is a UUID.');
  const contract = contractOf(delivery, catalogue);
  return {
    delivery,
    contract,
    id: contract.kind === 'task' ? id : derivedId(id, delivery.queue),
    run: count(headers[taskHeaders.run]),
    ...attemptOf(headers),
    redeliveries: redeliveriesOf(delivery),
    retry: retryOf(contract, headers[taskHeaders.retry]),
    dueAt: instant(headers[taskHeaders.dueAt]),
    expiresAt: instant(headers[taskHeaders.expiresAt]),
    root: readTaskId(headers[taskHeaders.root]) ?? id,
    waitAside,
    body: parse(delivery.body),
  };
}

function contractOf({ type, headers }: Delivery, catalogue: Catalogue): AnyTaskContract | AnyEventContract {
  if (!type) throw new UnreadableMessage('undecodable', 'It has no type, which names the task.');
  const contract = catalogue.tasks.get(type) ?? catalogue.events.get(type);
  if (!contract) throw new UnreadableMessage('unknown-task', `Nothing is known by the name "${type}".`);
  const version = Number(headers[taskHeaders.version]);
  if (version === contract.version) return contract;
  throw new UnreadableMessage('unknown-version', `It is of version ${version}; this worker knows ${contract.version}.`);
}

function parse(body: Buffer): Record<string, unknown> {
  const value = parseJson(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UnreadableMessage('undecodable', 'Its body is no JSON object.');
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    // What the parser says quotes the body, which may hold a secret.
    throw new UnreadableMessage('undecodable', 'Its body is no JSON in UTF-8.');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Which attempt of which task an unreadable message is about, as far as it says so. Domain events have no run. */
export function taskNamedBy({ messageId, type, headers }: Delivery): NamedTask | undefined {
  const [run, attempt, version] = [taskHeaders.run, taskHeaders.attempt, taskHeaders.version].map(
    (header) => headers[header],
  );
  const taskId = readTaskId(messageId);
  if (!taskId || !type || !namePattern.test(type)) return undefined;
  if (!isCount(run) || !isCount(attempt) || !isCount(version)) return undefined;
  return { taskId, run, attempt, name: type, version };
}

export type NamedTask = Pick<TaskEvent, 'taskId' | 'run' | 'attempt' | 'name' | 'version'>;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) < 2 ** 31;

/** Runs and attempts count from 1; a message that somebody wrote by hand may leave them out. */
function count(header: unknown): number {
  if (header === undefined) return 1;
  const value = Number(header);
  if (isCount(value)) return value;
  throw new UnreadableMessage('undecodable', 'Its run or attempt is no whole number from 1.');
}

function attemptOf(headers: Delivery['headers']): Pick<Job, 'attempt' | 'deferrals'> {
  const attempt = count(headers[taskHeaders.attempt]);
  const deferrals = Number(headers[taskHeaders.deferrals] ?? 0);
  if (Number.isInteger(deferrals) && deferrals >= 0 && deferrals < attempt) return { attempt, deferrals };
  throw new UnreadableMessage('undecodable', 'Its deferrals are no whole number below its attempt.');
}

/** A message that was moved on by way of the delay ladder begins anew for the broker, so it says itself what was before. */
export const redeliveriesOf = ({ deliveryCount, headers }: Delivery): number =>
  deliveryCount + (Number(headers[taskHeaders.redeliveries]) || 0);

function retryOf(contract: AnyTaskContract | AnyEventContract, header: unknown): RetryPolicy {
  const policy = contract.kind === 'task' ? contract.retry : defaultRetryPolicy;
  if (header === undefined) return policy;
  try {
    return retryPolicy(contract.name, JSON.parse(String(header)) as Partial<RetryPolicy>, policy);
  } catch {
    throw new UnreadableMessage('undecodable', 'Its retry policy cannot be read.');
  }
}

function instant(header: unknown): Date | undefined {
  if (header === undefined) return undefined;
  const value = new Date(String(header));
  if (Number.isFinite(value.getTime())) return value;
  throw new UnreadableMessage('undecodable', 'Its due or expiry time is no RFC 3339 instant.');
}
