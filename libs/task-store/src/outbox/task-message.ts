import { isBrokerHeader, type OutgoingMessage } from '@mentorhub/messaging';

/** Header names of the runtime's own; user headers pass through beside them. */
export const taskHeaders = {
  version: 'x-mh-version',
  run: 'x-mh-run',
  attempt: 'x-mh-attempt',
  /** Of the attempts before, those that a handler asked for itself; they are not counted. Absent: none. */
  deferrals: 'x-mh-deferrals',
  /** How often this attempt came back before it was moved on by way of the delay ladder. Absent: never. */
  redeliveries: 'x-mh-redeliveries',
  /** How often this attempt came off the delay ladder without finding its queue. Absent: never. */
  strandings: 'x-mh-strandings',
  /** What the call overrides of its contract's retry policy, as JSON. */
  retry: 'x-mh-retry',
  dueAt: 'x-mh-due-at',
  expiresAt: 'x-mh-expires-at',
  parent: 'x-mh-parent',
  root: 'x-mh-root',
  /** On parked messages: a {@link ParkedEnvelope} as JSON. */
  deadLetter: 'x-mh-dead-letter',
} as const;

export interface TaskMessageParts {
  readonly exchange: string;
  readonly producer: string;
  readonly id: string;
  readonly run: number;
  readonly attempt: number;
  readonly deferrals?: number | undefined;
  readonly name: string;
  readonly version: number;
  readonly queue: string;
  readonly payload: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly dueAt: Date;
  readonly expiresAt?: Date | undefined;
}

/** The AMQP message of one attempt of a task. Times are RFC 3339 in UTC. */
export function taskMessage(parts: TaskMessageParts): OutgoingMessage {
  return {
    exchange: parts.exchange,
    routingKey: `${parts.queue}.${parts.name}`,
    body: parts.payload,
    messageId: parts.id,
    type: parts.name,
    appId: parts.producer,
    timestamp: new Date(),
    mandatory: true,
    headers: {
      ...parts.headers,
      [taskHeaders.version]: parts.version,
      [taskHeaders.run]: parts.run,
      [taskHeaders.attempt]: parts.attempt,
      ...(parts.deferrals && { [taskHeaders.deferrals]: parts.deferrals }),
      [taskHeaders.dueAt]: parts.dueAt.toISOString(),
      ...(parts.expiresAt && { [taskHeaders.expiresAt]: parts.expiresAt.toISOString() }),
    },
  };
}

/** Headers that say which attempt of which run a message is; each message gets its own. */
const perMessage: ReadonlySet<string> = new Set([
  taskHeaders.version,
  taskHeaders.run,
  taskHeaders.attempt,
  taskHeaders.deferrals,
  taskHeaders.redeliveries,
  taskHeaders.strandings,
  taskHeaders.dueAt,
  taskHeaders.expiresAt,
  taskHeaders.deadLetter,
]);

/** True for headers that are not carried over to the next message of a task: its own, and what the broker added. */
export const isReservedHeader = (name: string): boolean => perMessage.has(name) || isBrokerHeader(name);
