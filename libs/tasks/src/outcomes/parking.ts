import type { Delivery, MessagePublisher, OutgoingMessage } from '@mentorhub/messaging';
import { deadLetterMetrics } from '@mentorhub/metrics';
import { taskHeaders, type ParkedEnvelope } from '@mentorhub/task-store';

export interface ParkingOptions {
  readonly publisher: MessagePublisher;
  readonly exchange: string;
  readonly worker: string;
}

/** Headers above this are left out of the parked message: with the envelope they would pass AMQP's limit. */
const mostHeaderBytes = 32_000;

/** A parked message: the original one, and beside it why it was parked. */
export function parkedMessage(delivery: Delivery, envelope: ParkedEnvelope, exchange: string): OutgoingMessage {
  const tooLarge = JSON.stringify(delivery.headers).length > mostHeaderBytes;
  return {
    exchange,
    routingKey: delivery.queue,
    body: delivery.body,
    ...(delivery.messageId && { messageId: delivery.messageId }),
    ...(delivery.type && { type: delivery.type }),
    ...(delivery.appId && { appId: delivery.appId }),
    ...(delivery.contentType && { contentType: delivery.contentType }),
    timestamp: new Date(),
    mandatory: true,
    headers: { ...(tooLarge ? {} : delivery.headers), [taskHeaders.deadLetter]: JSON.stringify(envelope) },
  };
}

/** Counts a parked message by its task, or as `unknown` when a label per sender's invention would be the result. */
export function countParked(task: string | undefined, reason: string): void {
  deadLetterMetrics.total.inc({ task: task ?? 'unknown', reason });
}
