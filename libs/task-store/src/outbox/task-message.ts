import type { OutgoingMessage } from '@mentorhub/messaging';

/** Header names of the runtime's own; user headers pass through beside them. */
export const taskHeaders = {
  version: 'x-mh-version',
  run: 'x-mh-run',
  attempt: 'x-mh-attempt',
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
      [taskHeaders.dueAt]: parts.dueAt.toISOString(),
      ...(parts.expiresAt && { [taskHeaders.expiresAt]: parts.expiresAt.toISOString() }),
    },
  };
}
