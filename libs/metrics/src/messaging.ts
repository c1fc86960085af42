import { requestSeconds } from './buckets.js';
import { counter, gauge, histogram } from './registry.js';

/** The two connections of a process: publishing and consuming never share a socket. */
export const connectionRoles = ['publish', 'consume'] as const;
export type ConnectionRole = (typeof connectionRoles)[number];

/** The reply codes with which RabbitMQ closes a channel in practice: refused, missing, locked, does not fit; and no code when it ends the consumer alone, or forgets it. */
const channelReplyCodes = ['403', '404', '405', '406', 'cancelled', 'silent'];

/** What this process says to and hears from RabbitMQ. `error_type` is empty when nothing failed. */
export const messagingMetrics = {
  clientOperationDuration: histogram(
    'messaging_client_operation_duration_seconds',
    'How long an operation with the broker took; for a publish, until its confirm.',
    requestSeconds,
    ['operation', 'destination', 'error_type'],
  ),
  sentMessages: counter('messaging_client_sent_messages_total', 'Messages published, by exchange and failure.', [
    'destination',
    'error_type',
  ]),
  consumedMessages: counter('messaging_client_consumed_messages_total', 'Messages delivered, by queue and failure.', [
    'destination',
    'error_type',
  ]),
  connectionUp: gauge('amqp_connection_up', '1 while the connection of this role is open.', ['role']),
  connectionBlocked: gauge('amqp_connection_blocked', '1 while the broker has blocked the connection of this role.', [
    'role',
  ]),
  channelClosed: counter(
    'amqp_channel_closed_total',
    'Channels that the broker closed, by reply code; cancelled: it ended the consumer; silent: it forgot the consumer, and the process closed the channel.',
    ['reply_code'],
  ),
};

for (const role of connectionRoles) {
  messagingMetrics.connectionUp.set({ role }, 0);
  messagingMetrics.connectionBlocked.set({ role }, 0);
}
for (const reply_code of channelReplyCodes) messagingMetrics.channelClosed.inc({ reply_code }, 0);

/** Sets the success counters of these exchanges and queues to 0, so that their first message is visible to `increase()`. */
export function initialiseMessagingLabels(names: { exchanges: readonly string[]; queues: readonly string[] }): void {
  for (const destination of names.exchanges) messagingMetrics.sentMessages.inc({ destination, error_type: '' }, 0);
  for (const destination of names.queues) messagingMetrics.consumedMessages.inc({ destination, error_type: '' }, 0);
}
