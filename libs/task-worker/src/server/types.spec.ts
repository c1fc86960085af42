import { z } from 'zod';
import type { Tasks } from '@mentorhub/tasks';
import type { ThreadHandler } from '../isolation/thread-handler.js';
import { EventHandler, TaskHandler } from '../job/handlers.js';
import type { DatabaseContext, ExternalContext, TaskContext } from '../job/context.js';
import { defineEvent, defineTask, type Payload, type PayloadInput } from '@mentorhub/task-contracts';

const payload = z.strictObject({ to: z.string(), times: z.int().default(1) });
const Send = defineTask({
  name: 'mail.send',
  version: 1,
  effects: 'external',
  onAmbiguous: 'again',
  payload,
  result: z.strictObject({ messageId: z.string() }),
  sensitive: ['to'],
});
const Store = defineTask({ name: 'mail.store', version: 1, effects: 'database', payload });
const Sent = defineEvent({ name: 'mail.sent', version: 1, payload: z.strictObject({ to: z.string() }) });

/** What is waited for has the type that the contract says. */
export async function typedResults(tasks: Tasks): Promise<void> {
  const { messageId }: { messageId: string } = await (await tasks.enqueue(Send, { to: 'a' })).result();
  const nothing: null = await tasks.resultOf(Store, messageId);
  const many: readonly { messageId: string }[] = await Promise.all(
    (await tasks.enqueueMany([{ contract: Send, payload: { to: 'a' } }])).map((task) => task.result()),
  );
  // @ts-expect-error a field that the result does not have
  void (await tasks.resultOf(Send, messageId)).id;
  void [nothing, many];
}

/*
 * The compiler is what is tested here, when it checks this project: each line under an expected error must be one.
 * Nothing of it runs.
 */
export function refusedByTheCompiler(tasks: Tasks): void {
  void tasks.enqueue(Send, { to: 'a' });
  void tasks.enqueue(Send, { to: 'a', times: 2 });
  // @ts-expect-error a field is missing
  void tasks.enqueue(Send, {});
  // @ts-expect-error a field of another type
  void tasks.enqueue(Send, { to: 7 });
  // @ts-expect-error a field that the contract does not know
  void tasks.enqueue(Send, { to: 'a', bcc: 'b' });
  // @ts-expect-error an event is published, not enqueued
  void tasks.enqueue(Sent, { to: 'a' });
  // @ts-expect-error an event needs the transaction that it belongs to
  void tasks.publish(Sent, { to: 'a' });
  // @ts-expect-error a duration that is no number of seconds
  void tasks.enqueue(Send, { to: 'a' }, { countdownSeconds: '60' });

  // @ts-expect-error external effects have to say what happens to an ambiguous call
  defineTask({ name: 'mail.a', version: 1, effects: 'external', payload });
  // @ts-expect-error others have nothing to say about it
  defineTask({ name: 'mail.b', version: 1, effects: 'database', onAmbiguous: 'park', payload });
  // @ts-expect-error a sensitive field that the payload does not have
  defineTask({ name: 'mail.c', version: 1, effects: 'idempotent', payload, sensitive: ['token'] });
  // @ts-expect-error a transaction cannot leave its thread
  defineTask({ name: 'mail.f', version: 1, effects: 'database', payload, isolation: 'thread' });
  // @ts-expect-error effects that do not exist
  defineTask({ name: 'mail.d', version: 1, effects: 'none', payload });
  // @ts-expect-error a payload that is no object
  defineTask({ name: 'mail.e', version: 1, effects: 'idempotent', payload: z.string() });

  // @ts-expect-error a handler sees defaults filled in
  const partial: Payload<typeof Send> = { to: 'a' };
  const whole: PayloadInput<typeof Send> = { to: 'a' };
  void [partial, whole];
}

export class CheckedHandlers {
  @TaskHandler(Send)
  right({ to }: Payload<typeof Send>, ctx: ExternalContext): Promise<{ messageId: string }> {
    return ctx.once(async () => ({ messageId: to }));
  }

  @TaskHandler(Send)
  withoutContext(): { messageId: string } {
    return { messageId: '1' };
  }

  @TaskHandler(Store)
  nothingToReturn({ times }: Payload<typeof Store>, ctx: DatabaseContext): void {
    void [times, ctx.tx];
  }

  @EventHandler(Sent)
  async heard({ to }: Payload<typeof Sent>, ctx: DatabaseContext): Promise<void> {
    void [to, ctx.tx];
  }

  // @ts-expect-error the payload of another task
  @TaskHandler(Send)
  wrongPayload({ subject }: { subject: string }): { messageId: string } {
    return { messageId: subject };
  }

  // @ts-expect-error a result that the contract does not know
  @TaskHandler(Send)
  wrongResult(): { id: string } {
    return { id: '1' };
  }

  // @ts-expect-error the contract promises a result
  @TaskHandler(Send)
  noResult(): void {}

  // @ts-expect-error external effects have no transaction
  @TaskHandler(Send)
  wrongContext(_: Payload<typeof Send>, ctx: DatabaseContext): { messageId: string } {
    return { messageId: ctx.id };
  }

  // @ts-expect-error database effects have no call to the outside
  @TaskHandler(Store)
  alsoWrongContext(_: Payload<typeof Store>, ctx: ExternalContext): void {
    void ctx.once;
  }

  // @ts-expect-error a handler of an event returns nothing
  @EventHandler(Sent)
  answersAnEvent(): string {
    return 'heard';
  }
}

export const rightInAThread = (async ({ to }, ctx) => {
  ctx.log.info({ task: ctx.id }, 'sending');
  return ctx.once(async () => ({ messageId: to }));
}) satisfies ThreadHandler<typeof Send>;

// @ts-expect-error the contract promises a result
export const noResultInAThread = (async () => undefined) satisfies ThreadHandler<typeof Send>;

// @ts-expect-error a logger of the main thread cannot be had in another
export const childLogger = (async (_, ctx) => ctx.log.child({})) satisfies ThreadHandler<typeof Send>;

describe('The types of a contract', () => {
  it('give a context by the effects, and each handler may ask for less', () => {
    const handler: (payload: Payload<typeof Store>, ctx: TaskContext) => void = () => undefined;
    expect(TaskHandler(Store)).toBeInstanceOf(Function);
    expect(handler).toBeInstanceOf(Function);
  });
});
