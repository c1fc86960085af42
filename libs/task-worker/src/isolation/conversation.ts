import { AsyncResource } from 'node:async_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { AnyTaskContract } from '@mentorhub/task-contracts';
import type { ExternalContext, TaskContext } from '../job/context.js';
import { packThrown, unpackLog } from './crossing.js';
import type { Ended, FromThread, Question, ToThread } from './thread-messages.js';

/** The context of an attempt; `once` is there with external effects. */
export type CallContext = TaskContext & Partial<Pick<ExternalContext, 'once'>>;

type Called = Extract<FromThread, { kind: 'called' }>;

export type ContractOf = (name: string) => AnyTaskContract | undefined;

/** The main thread's side of one attempt: does what the handler asks for through its context, and hears how it ended. */
export class Conversation {
  /** Calls to the outside world that are under way in the thread, by the questions that allowed them. */
  private readonly calls = new Map<number, PromiseWithResolvers<void>>();
  readonly ended: Promise<Ended>;
  private readonly tellAbort = () => this.say({ kind: 'abort', reason: reasonOf(this.context.signal) });

  constructor(
    private readonly port: MessagePort,
    private readonly context: CallContext,
    private readonly contractOf: ContractOf,
  ) {
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.ended = promise;
    const hear = (message: FromThread) => (message.kind === 'ended' ? resolve(message) : this.hear(message));
    // Bound, so that lines and spans keep the fields of this task whoever wakes the port.
    port.on('message', AsyncResource.bind(hear));
    if (context.signal.aborted) this.tellAbort();
    else context.signal.addEventListener('abort', this.tellAbort);
  }

  /** From here on the thread is not heard: what it asks for has no effect. */
  close(): void {
    this.context.signal.removeEventListener('abort', this.tellAbort);
    this.port.close();
  }

  private hear(message: Exclude<FromThread, Ended>): void {
    if (message.kind === 'ask') return void this.answer(message.id, message.question);
    if (message.kind === 'called') return this.called(message);
    if (message.kind === 'progress') return this.progress(message.value);
    const { log } = this.context;
    const [first, ...rest] = unpackLog(message.args);
    log[message.level](first, ...(rest as [string]));
  }

  /** The thread does not wait for it, so nobody is there to hear that it was too large. */
  private progress(value: unknown): void {
    try {
      this.context.progress(value);
    } catch (error) {
      this.context.log.warn({ err: error }, 'A progress report of a thread was not kept.');
    }
  }

  private async answer(id: number, question: Question): Promise<void> {
    try {
      this.say({ kind: 'answer', id, answer: { value: await this.valueOf(id, question) } });
    } catch (error) {
      this.say({ kind: 'answer', id, answer: { threw: packThrown(error) } });
    }
  }

  private async valueOf(id: number, question: Question): Promise<unknown> {
    if (question.about === 'once') return this.beginCall(id);
    const contract = this.contractOf(question.contract);
    if (!contract) throw new Error(`There is no task "${question.contract}" to enqueue.`);
    return this.context.enqueue(contract, question.payload as never, question.options);
  }

  /**
   * Resolves when the thread may call: the phase that says so is committed by then. To the attempt the call is answered
   * when the thread says so; one that never does was cut short in its call.
   */
  private beginCall(id: number): Promise<void> {
    const begun = Promise.withResolvers<void>();
    const call = Promise.withResolvers<void>();
    this.calls.set(id, call);
    const once = this.context.once?.(() => {
      begun.resolve();
      return call.promise;
    });
    // After the beginning, this rejects nobody: the thread knows best how its call failed.
    once?.catch(begun.reject);
    return begun.promise;
  }

  private called({ id, answered }: Called): void {
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (answered) call?.resolve();
    else call?.reject(new Error('The call failed, in its thread.'));
  }

  private say(message: ToThread): void {
    this.port.postMessage(message);
  }
}

function reasonOf({ reason }: AbortSignal): { name: string; message: string } {
  const packed = packThrown(reason);
  return 'error' in packed ? packed.error : { name: 'AbortError', message: String(packed.value) };
}
