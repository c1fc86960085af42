import type { Span } from '@opentelemetry/api';
import type { Options } from 'amqplib';
import type { OutgoingMessage } from './outgoing-message.js';
import type { PublishError } from './publish-error.js';

/** A publish between the call and its outcome. */
export class PendingPublish {
  readonly acceptedAt = performance.now();
  /** When it was written; it waits in line before. */
  sentAt = 0;
  /** Why the broker returned it. The broker acknowledges it all the same, right after. */
  returned: string | undefined = undefined;

  constructor(
    readonly message: OutgoingMessage,
    readonly properties: Options.Publish & { headers: Record<string, unknown> },
    readonly span: Span | undefined,
    readonly resolve: () => void,
    readonly reject: (error: PublishError) => void,
  ) {}
}
