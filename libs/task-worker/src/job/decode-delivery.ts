import { misfit, orUndefined, textHeader, wholeNumberHeader, type Delivery } from '@mentorhub/messaging';
import { derivedId, readTaskId, taskHeaders, type TaskEvent } from '@mentorhub/task-store';
import {
  defaultRetryPolicy,
  retryPolicy,
  type AnyEventContract,
  type AnyTaskContract,
  type Catalogue,
  type RetryPolicy,
} from '@mentorhub/task-contracts';
import { isWritable } from '@mentorhub/tasks/messages';
import type { Job } from './job.js';
import type { WaitWithoutPlace } from './queue-lane.js';

/**
 * Why a message can never be run here; it is parked with this reason, before any handler. `unsettled`: reading or settling
 * it meets a fault each time, so that it would come round for ever.
 */
export type UnreadableReason =
  'undecodable' | 'unknown-task' | 'unknown-version' | 'invalid-payload' | 'unroutable' | 'unsettled';
export const unreadableReasons: readonly UnreadableReason[] = [
  'undecodable',
  'unknown-task',
  'unknown-version',
  'invalid-payload',
  'unroutable',
  'unsettled',
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
export function decodeDelivery(delivery: Delivery, catalogue: Catalogue, waitWithoutPlace: WaitWithoutPlace): Job {
  const { headers, headersFault, messageId } = delivery;
  if (headersFault) throw new UnreadableMessage('undecodable', headersFault);
  const id = readTaskId(messageId);
  if (!id) throw new UnreadableMessage('undecodable', 'It has no message id that is a UUID.');
  const contract = contractOf(delivery, catalogue);
  return {
    delivery,
    contract,
    id: contract.kind === 'task' ? id : derivedId(id, delivery.queue),
    run: count(headers, taskHeaders.run) ?? 1,
    ...attemptOf(headers),
    redeliveries: redeliveriesOf(delivery),
    retry: retryOf(contract, text(headers, taskHeaders.retry)),
    dueAt: instant(headers, taskHeaders.dueAt),
    expiresAt: instant(headers, taskHeaders.expiresAt),
    root: readTaskId(orUndefined(textHeader(headers, taskHeaders.root))) ?? id,
    waitWithoutPlace,
    body: parse(delivery.body),
    repeats: 0,
  };
}

function contractOf({ type, headers }: Delivery, catalogue: Catalogue): AnyTaskContract | AnyEventContract {
  if (!type) throw new UnreadableMessage('undecodable', 'It has no type, which names the task.');
  const contract = catalogue.tasks.get(type) ?? catalogue.events.get(type);
  if (!contract) throw new UnreadableMessage('unknown-task', `Nothing is known by the name "${type}".`);
  const version = orUndefined(wholeNumberHeader(headers, taskHeaders.version, { least: 0, most: mostCount }));
  if (version === contract.version) return contract;
  const stated = version === undefined ? 'states no version' : `is of version ${version}`;
  throw new UnreadableMessage('unknown-version', `It ${stated}; this worker knows ${contract.version}.`);
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
  const [run, attempt, version] = [taskHeaders.run, taskHeaders.attempt, taskHeaders.version].map((header) =>
    orUndefined(wholeNumberHeader(headers, header, { least: 1, most: mostCount })),
  );
  const taskId = readTaskId(messageId);
  if (!taskId || !type || !namePattern.test(type)) return undefined;
  if (run === undefined || attempt === undefined || version === undefined) return undefined;
  return { taskId, run, attempt, name: type, version };
}

export type NamedTask = Pick<TaskEvent, 'taskId' | 'run' | 'attempt' | 'name' | 'version'>;

/** Leaves room for those that follow in the columns that count them. */
const mostCount = 1_000_000_000;

/** Runs and attempts count from 1; a message that somebody wrote by hand may leave them out. */
function count(headers: Headers, name: string, least = 1): number | undefined {
  const value = wholeNumberHeader(headers, name, { least, most: mostCount });
  if (value === misfit)
    throw new UnreadableMessage('undecodable', `Its run or attempt is no whole number from ${least}.`);
  return value;
}

function attemptOf(headers: Headers): Pick<Job, 'attempt' | 'deferrals'> {
  const attempt = count(headers, taskHeaders.attempt) ?? 1;
  const deferrals = count(headers, taskHeaders.deferrals, 0) ?? 0;
  if (deferrals < attempt) return { attempt, deferrals };
  throw new UnreadableMessage('undecodable', 'Its deferrals are no whole number below its attempt.');
}

/** A message that was moved on by way of the delay ladder begins anew for the broker, so it says itself what was before. */
export function redeliveriesOf({ deliveryCount, headers }: Delivery): number {
  const before = wholeNumberHeader(headers, taskHeaders.redeliveries, { least: 0, most: mostCount });
  return deliveryCount + (orUndefined(before) ?? 0);
}

function text(headers: Headers, name: string): string | undefined {
  const value = textHeader(headers, name);
  if (value === misfit) throw new UnreadableMessage('undecodable', `Its header ${name} is no text.`);
  return value;
}

function retryOf(contract: AnyTaskContract | AnyEventContract, json: string | undefined): RetryPolicy {
  const policy = contract.kind === 'task' ? contract.retry : defaultRetryPolicy;
  if (json === undefined) return policy;
  try {
    const parts: unknown = JSON.parse(json);
    if (typeof parts !== 'object' || parts === null || Array.isArray(parts)) throw new TypeError('It is no object.');
    return retryPolicy(contract.name, parts, policy);
  } catch {
    throw new UnreadableMessage('undecodable', 'Its retry policy cannot be read.');
  }
}

const instantPattern = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/;

function instant(headers: Headers, name: string): Date | undefined {
  const value = text(headers, name);
  if (value === undefined) return undefined;
  const at = new Date(instantPattern.test(value) ? value : Number.NaN);
  if (isWritable(at)) return at;
  throw new UnreadableMessage('undecodable', 'Its due or expiry time is no RFC 3339 instant.');
}

type Headers = Delivery['headers'];
