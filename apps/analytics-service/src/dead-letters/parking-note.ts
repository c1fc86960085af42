import { RowId } from '@mentorhub/contracts';
import { orUndefined, textHeader, type Delivery } from '@mentorhub/messaging';
import { taskHeaders, type ParkedEnvelope } from '@mentorhub/task-store';
import { z } from 'zod';

/** Why a message is among the dead letters. */
export interface ParkingNote extends Omit<ParkedEnvelope, 'worker' | 'at'> {
  readonly worker?: string | undefined;
  readonly at: Date;
  /** Nobody decided about it: the broker gave it up by itself. */
  readonly byBroker: boolean;
}

const count = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

const Envelope = z.object({
  reason: z.string(),
  error: z.object({ name: z.string(), message: z.string(), stack: z.string().optional() }),
  queue: z.string(),
  taskId: RowId.optional(),
  run: count.optional(),
  attempt: count.optional(),
  worker: z.string().optional(),
  at: z.iso.datetime().transform((text) => new Date(text)),
});

const Death = z.object({
  reason: z.string(),
  queue: z.string(),
  count: z.number().optional(),
  time: z.object({ value: z.number() }).optional(),
});

/** The note of whoever parked the message, or what can be told without one. Never throws. */
export function parkingNote(delivery: Delivery): ParkingNote {
  return noteOfRuntime(delivery) ?? noteOfBroker(delivery) ?? noteOfNobody(delivery);
}

function noteOfRuntime({ headers }: Delivery): ParkingNote | undefined {
  const envelope = Envelope.safeParse(parsed(orUndefined(textHeader(headers, taskHeaders.deadLetter))));
  return envelope.success ? { ...envelope.data, byBroker: false } : undefined;
}

/** RabbitMQ puts its latest reason first. */
function noteOfBroker({ headers, deliveryCount }: Delivery): ParkingNote | undefined {
  const deaths: unknown = headers['x-death'];
  const death = Death.safeParse(Array.isArray(deaths) ? deaths[0] : undefined);
  if (!death.success) return undefined;
  const { queue, time } = death.data;
  const reason = death.data.reason.replaceAll('_', '-');
  const message = reasonsOfBroker[reason] ?? `RabbitMQ took it out of the queue with the reason "${reason}".`;
  const at = time ? instantOf(time.value) : new Date();
  const error = {
    name: 'GivenUpByBroker',
    message: deliveryCount > 0 ? `${message} Deliveries: ${deliveryCount}.` : message,
  };
  return { reason, error, queue, at, byBroker: true };
}

/** Whoever writes to the queue of dead letters may write this, too. */
function instantOf(seconds: number): Date {
  return seconds >= 0 && seconds <= latestSecond ? new Date(seconds * 1000) : new Date();
}

const latestSecond = Date.parse('9999-12-31T23:59:59Z') / 1000;

/** What RabbitMQ says of a message that it gives up, and what that means; anybody may say something else. */
export const reasonsOfBroker: Readonly<Record<string, string>> = {
  'delivery-limit':
    'RabbitMQ gave it up at the delivery limit of its queue: it was delivered again and again and never acknowledged. Look for workers that die or lose their connection, then replay it.',
  rejected: 'A consumer rejected it without asking for another delivery.',
  expired: 'It was in the queue longer than its time to live.',
  maxlen: 'The queue was full.',
};

function noteOfNobody({ routingKey }: Delivery): ParkingNote {
  const message = 'It came to the dead letters without a note that could be read about why.';
  return { reason: 'unknown', error: { name: 'Error', message }, queue: routingKey, at: new Date(), byBroker: false };
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
