import type { Delivery, OutgoingMessage } from '@mentorhub/messaging';
import { deadLetterMetrics } from '@mentorhub/metrics';
import { taskHeaders, type ParkedEnvelope, type TaskError } from '@mentorhub/task-store';

/**
 * A message can carry 64 KiB of headers. Original headers above their share are left out, and an error is shortened to
 * its own: a message that cannot be parked would be tried for ever.
 */
const mostHeaderBytes = 32_000;
const mostEnvelopeBytes = 24_000;

/** A parked message: the original one, and beside it why it was parked. */
export function parkedMessage(delivery: Delivery, envelope: ParkedEnvelope, exchange: string): OutgoingMessage {
  const tooLarge = Buffer.byteLength(JSON.stringify(delivery.headers)) > mostHeaderBytes;
  return {
    ...identityOf(delivery),
    exchange,
    routingKey: delivery.queue,
    body: delivery.body,
    timestamp: new Date(),
    mandatory: true,
    headers: { ...(tooLarge ? {} : delivery.headers), [taskHeaders.deadLetter]: envelopeJson(envelope) },
  };
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
