import { catalogue } from '../catalogue.js';
import { UserRegistered } from '../events/accounts.js';
import { CoursePublished } from '../events/courses.js';
import { SessionCancelled, SessionHeld, SessionScheduled } from '../events/sessions.js';

/** Names of exchanges; queue names of tasks stand in the routing table. */
export const exchanges = {
  tasks: 'tasks',
  events: 'events',
  taskEvents: 'task-events',
  deadLetters: 'dead-letters',
  control: 'control',
  calls: 'calls',
  replies: 'replies',
} as const;

/** Queues of services that answer calls; they are there only while somebody answers. */
export const callQueues = { scheduler: 'scheduler-calls', analytics: 'analytics-calls', email: 'email-calls' } as const;

/** Queues that carry no tasks. */
export const streams = {
  taskEvents: 'task-events',
  deadLetters: 'dead-letters',
  analyticsEvents: 'analytics-events',
} as const;

/** Which queue hears which domain events. */
export const subscriptions: readonly { readonly queue: string; readonly event: string }[] = [
  { queue: streams.analyticsEvents, event: UserRegistered.name },
  { queue: streams.analyticsEvents, event: SessionScheduled.name },
  { queue: streams.analyticsEvents, event: SessionCancelled.name },
  { queue: streams.analyticsEvents, event: SessionHeld.name },
  { queue: streams.analyticsEvents, event: CoursePublished.name },
];

/** Far backstops only; poison is counted by starts. -1 deletes messages on RabbitMQ 3.10, so a number is always stated. */
const workDeliveryLimit = 100;
const streamDeliveryLimit = 1_000_000_000;

const quorum = (deliveryLimit: number) => ({ 'x-queue-type': 'quorum', 'x-delivery-limit': deliveryLimit });

/** `reject-publish` is what makes at-least-once dead-lettering hold: without it the broker silently drops to at-most-once. */
const workQueue = (name: string) => ({
  name,
  arguments: {
    ...quorum(workDeliveryLimit),
    'x-dead-letter-exchange': exchanges.deadLetters,
    'x-dead-letter-routing-key': name,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  },
});

const streamQueue = (name: string) => ({ name, arguments: quorum(streamDeliveryLimit) });

const subscribers = [...new Set(subscriptions.map(({ queue }) => queue))];

/** Everything that MentorHub declares in RabbitMQ, except the delay ladder, which belongs to the runtime. */
export const topology = {
  exchanges: Object.values(exchanges).map((name) => ({ name, type: 'topic' as const })),
  // The dead-letter queue comes first: a work queue keeps its dead messages until it exists.
  queues: [
    streamQueue(streams.deadLetters),
    streamQueue(streams.taskEvents),
    ...catalogue.queues.map(workQueue),
    ...subscribers.map(workQueue),
  ],
  bindings: [
    { exchange: exchanges.deadLetters, routingKey: '#', queue: streams.deadLetters },
    { exchange: exchanges.taskEvents, routingKey: '#', queue: streams.taskEvents },
    ...catalogue.queues.map((queue) => ({ exchange: exchanges.tasks, routingKey: `${queue}.#`, queue })),
    ...subscriptions.map(({ queue, event }) => ({ exchange: exchanges.events, routingKey: event, queue })),
  ],
};
