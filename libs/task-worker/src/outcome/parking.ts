import {
  headersAsSent,
  portableHeaders,
  PublishError,
  type Delivery,
  type MessagePublisher,
  type OutgoingMessage,
} from '@mentorhub/messaging';
import { deadLetterMetrics } from '@mentorhub/metrics';
import {
  keepDeadLetter,
  letterId,
  taskHeaders,
  type DeadLetter,
  type ParkedEnvelope,
  type TaskError,
  type TaskStore,
} from '@mentorhub/task-store';

/**
 * A message can carry 64 KiB of headers. Original headers above their share are left out, and an error is shortened to
 * its own: a message that cannot be parked would be tried for ever.
 */
const mostHeaderBytes = 32_000;
const mostEnvelopeBytes = 24_000;

/** What must not get lost, in the forms that it can take. */
export interface Parcel {
  /** As it is to be published; where that can never be sent, the next. */
  readonly messages: readonly OutgoingMessage[];
  /** What is kept in PostgreSQL when none of them can be sent. */
  readonly letter: DeadLetter;
  /** It is to be parked, so that its letter is as good as its message: it need not wait for a broker that takes nothing now. */
  readonly parks?: boolean;
}

export interface ParcelTakers {
  readonly publisher: MessagePublisher;
  readonly store: Pick<TaskStore, 'dataSource'>;
}

/**
 * Makes a parcel durable: in a queue, or among the dead letters. Doing it twice leaves one letter.
 *
 * @throws {PublishError} RabbitMQ does not take now what is not to be parked; @throws what PostgreSQL says when it does not
 *   take the letter. It may be tried again.
 */
export async function sendOrKeep(parcel: Parcel, { publisher, store }: ParcelTakers): Promise<void> {
  const mayWait = !parcel.parks;
  for (const message of mayWait || publisher.ready ? parcel.messages : []) {
    try {
      return await publisher.publish(message);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      if (error.unsendable) continue;
      if (mayWait) throw error;
      break;
    }
  }
  await keepDeadLetter(store.dataSource.manager, parcel.letter);
}

/**
 * Parks a message, or `body` as the part of it that matters: the original one, and beside it why it was parked. What
 * cannot be sent as it came goes as its bytes, without its headers and its names.
 */
export function parcelToPark(
  delivery: Delivery,
  envelope: ParkedEnvelope,
  exchange: string,
  body: Buffer = delivery.body,
): Parcel {
  const note = { [taskHeaders.deadLetter]: envelopeJson(envelope) };
  const bare = { exchange, routingKey: delivery.queue, body, timestamp: new Date(), mandatory: true, headers: note };
  const whole = { ...bare, ...identityOf(delivery), headers: { ...affordableHeaders(delivery), ...note } };
  return { messages: [whole, bare], letter: letterOf(delivery, envelope, body), parks: true };
}

/** What a message keeps wherever the runtime moves it. */
export const identityOf = ({ messageId, type, appId, contentType, correlationId, replyTo, priority }: Delivery) => ({
  ...(messageId && { messageId }),
  ...(type && { type }),
  ...(appId && { appId }),
  ...(contentType && { contentType }),
  ...(correlationId && { correlationId }),
  ...(replyTo && { replyTo }),
  ...(priority && { priority }),
});

/** The same letter as would be made of the parked message. */
export function letterOf(delivery: Delivery, envelope: ParkedEnvelope, body: Buffer): DeadLetter {
  const { queue, type } = delivery;
  const { taskId, run, at, ...rest } = envelope;
  return {
    ...rest,
    ...{ taskId, run, name: type, headers: portableHeaders(delivery.headers), body, parkedAt: new Date(at) },
    id: letterId({ taskId, run, queue, body, ...sentParts(delivery) }),
  };
}

/** What a parked message has of the original beside its body: nothing, when its headers cannot be sent. */
function sentParts(delivery: Delivery) {
  const headers = headersAsSent(affordableHeaders(delivery));
  const { messageId, type } = delivery;
  return headers ? { headers, messageId, type } : { headers: {} };
}

function affordableHeaders({ headers }: Delivery): Delivery['headers'] {
  try {
    return Buffer.byteLength(JSON.stringify(headers)) > mostHeaderBytes ? {} : headers;
  } catch {
    return {}; // nested too deep
  }
}

function envelopeJson(envelope: ParkedEnvelope): string {
  for (let longest = 8_000; ; longest = Math.floor(longest / 2)) {
    const json = JSON.stringify({ ...envelope, error: shortened(envelope.error, longest) });
    if (longest === 0 || Buffer.byteLength(json) <= mostEnvelopeBytes) return json;
  }
}

const shortened = ({ name, message, stack }: TaskError, longest: number): TaskError => ({
  name,
  message: message.slice(0, longest),
  ...(stack && { stack: stack.slice(0, longest) }),
});

/** Counts a parked message by its task, or as `unknown` when a label per sender's invention would be the result. */
export function countParked(task: string | undefined, reason: string): void {
  deadLetterMetrics.total.inc({ task: task ?? 'unknown', reason });
}
