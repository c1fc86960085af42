import { PublishError, type MessagePublisher } from '@mentorhub/messaging';
import { taskMessage, type NewTask } from '@mentorhub/task-store';

export interface DirectPublishing {
  readonly publisher: MessagePublisher;
  readonly exchanges: { readonly tasks: string };
  readonly producer: string;
}

/** `unclear`: the broker did not say whether it has taken it. */
export type DirectPublish = 'taken' | 'not taken' | 'unclear';

/** Publishes a light task without a row. */
export async function publishDirectly(
  task: NewTask,
  { publisher, exchanges, producer }: DirectPublishing,
): Promise<DirectPublish> {
  try {
    const attempt = { run: 1, attempt: 1, dueAt: new Date(), expiresAt: task.expiresAt };
    await publisher.publish(taskMessage({ ...task, ...attempt, exchange: exchanges.tasks, producer }));
    return 'taken';
  } catch (error) {
    // It may have arrived all the same; as a row it may then run twice, which `idempotent` allows.
    if (error instanceof PublishError) return error.ambiguous ? 'unclear' : 'not taken';
    throw error;
  }
}
