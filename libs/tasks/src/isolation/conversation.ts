import { AsyncResource } from 'node:async_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { AnyTaskContract } from '../define/index.js';
import type { ExternalContext, TaskContext } from '../server/context.js';
import { packThrown, unpackLog } from './crossing.js';
import type { Ended, FromThread, Question, ToThread } from './thread-messages.js';

/** The context of an attempt; `once` is there with external effects. */
export type CallContext = TaskContext & Partial<Pick<ExternalContext, 'once'>>;

export type ContractOf = (name: string) => AnyTaskContract | undefined;

/** The main thread's side of one attempt: does what the handler asks for through its context, and hears how it ended. */
export class Conversation {
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
      this.say({ kind: 'answer', id, answer: { value: await this.valueOf(question) } });
    } catch (error) {
      this.say({ kind: 'answer', id, answer: { threw: packThrown(error) } });
    }
  }

  private async valueOf(question: Question): Promise<unknown> {
    // The call itself is made in the thread, as soon as this is answered: the phase that says so is committed by then.
    if (question.about === 'once') return this.context.once?.(() => Promise.resolve());
    const contract = this.contractOf(question.contract);
    if (!contract) throw new Error(`There is no task "${question.contract}" to enqueue.`);
    return this.context.enqueue(contract, question.payload as never, question.options);
  }

  private say(message: ToThread): void {
    this.port.postMessage(message);
  }
}

function reasonOf({ reason }: AbortSignal): { name: string; message: string } {
  const packed = packThrown(reason);
  return 'error' in packed ? packed.error : { name: 'AbortError', message: String(packed.value) };
}
