import {
  largestBodyBytes,
  PublishError,
  traceProcess,
  type Broker,
  type Consumer,
  type Delivery,
} from '@mentorhub/messaging';
import { databaseFaultOf, isPassingFault, type Logger } from '@mentorhub/service';
import type { z } from 'zod';
import type { AnyCallContract, CallOutput } from '@mentorhub/task-contracts';
import { CallRefusedError } from './call-errors.js';
import { answerWith, defaultCallSeconds, refuseWith } from './call-messages.js';

export interface CallServerOptions {
  readonly broker: Pick<Broker, 'publisher' | 'consumeShared'>;
  readonly exchanges: { readonly calls: string; readonly replies: string };
  /** The queue that its contracts name; all replicas share it, and it is there only while one of them runs. */
  readonly queue: string;
  /** Calls that are worked at once. Default 10. */
  readonly concurrency?: number;
  readonly logger: Logger;
}

/** What a handler knows of the call besides its input. */
export interface AnsweredCall {
  /** A repetition has the same one. */
  readonly id: string;
}

type Handler = (input: unknown, call: AnsweredCall) => Promise<unknown>;

const mostWaiting = 1_000;

/**
 * Answers the calls of other services.
 *
 * 1. `answer` registers a handler for each call.
 * 2. `start` subscribes the queue. Each call is worked, its answer published, and then it is acked: one that was under way
 *    when its process died is worked again by another replica.
 * 3. `stop` takes nothing new and lets those under way be answered.
 */
export class CallServer {
  private readonly handlers = new Map<string, { readonly contract: AnyCallContract; readonly handle: Handler }>();
  private readonly running = new Set<Promise<void>>();
  private consumer: Consumer | undefined;

  constructor(private readonly options: CallServerOptions) {}

  /**
   * The handler throws {@link CallRefusedError} to refuse; any other error is a fault of this service and is logged. It may
   * be called twice for one call.
   */
  answer<C extends AnyCallContract>(
    contract: C,
    handle: (input: z.output<C['input']>, call: AnsweredCall) => Promise<CallOutput<C>>,
  ): this {
    this.handlers.set(contract.name, { contract, handle: handle as Handler });
    return this;
  }

  /** Idempotent. */
  start(): void {
    const { broker, exchanges, queue, concurrency = 10 } = this.options;
    this.consumer ??= broker.consumeShared({
      queue,
      prefetch: concurrency,
      waitSeconds: defaultCallSeconds,
      mostWaiting,
      bindings: [{ exchange: exchanges.calls, routingKey: `${queue}.#` }],
      onDelivery: (delivery) => this.receive(delivery),
    });
  }

  /** Resolves once calls come here; rejects when it is stopped before. */
  async ready(): Promise<void> {
    await this.consumer?.untilActive();
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.consumer?.cancel();
    await Promise.all(this.running);
    await this.consumer?.close();
  }

  private receive(delivery: Delivery): void {
    const working = traceProcess(delivery, () => this.work(delivery))
      .catch((err: unknown) => this.options.logger.error({ err, call: delivery.type }, 'A call could not be answered.'))
      .finally(() => {
        delivery.ack();
        this.running.delete(working);
      });
    this.running.add(working);
  }

  private async work(delivery: Delivery): Promise<void> {
    const { type, replyTo: routingKey, correlationId } = delivery;
    if (routingKey === undefined || correlationId === undefined) return;
    const outcome = await this.outcomeOf(delivery);
    const body = outcome.length <= largestBodyBytes ? outcome : refuseWith(tooLarge(outcome.length));
    const answer = { exchange: this.options.exchanges.replies, routingKey, correlationId, type: type ?? '', body };
    await this.options.broker.publisher.publish(answer).catch((error: unknown) => {
      if (!(error instanceof PublishError)) throw error;
      this.options.logger.warn({ call: type, err: error }, 'The answer to a call could not be sent.');
    });
  }

  private async outcomeOf(delivery: Delivery): Promise<Buffer> {
    try {
      return answerWith(await this.handle(delivery));
    } catch (error) {
      return refuseWith(error instanceof CallRefusedError ? error : this.refusalFor(error, delivery));
    }
  }

  private async handle({ type = '', body, messageId = '' }: Delivery): Promise<unknown> {
    const handler = this.handlers.get(type);
    if (!handler) throw new CallRefusedError('failed', `This version of the service does not know the call "${type}".`);
    const input = handler.contract.input.safeParse(parsed(body));
    if (!input.success) throw misfit(input.error);
    return handler.handle(input.data, { id: messageId });
  }

  private refusalFor(error: unknown, { type }: Delivery): CallRefusedError {
    if (databaseFaultOf(error) === 'ended')
      return new CallRefusedError(
        'failed',
        'The connection to its database was lost meanwhile: it may have been done.',
      );
    if (isPassingFault(error)) return new CallRefusedError('unavailable', 'The database does not answer.');
    this.options.logger.error({ err: error, call: type }, 'A call met a fault of this service.');
    return new CallRefusedError('failed', 'The service that was asked met a fault of its own.');
  }
}

const tooLarge = (bytes: number): CallRefusedError =>
  new CallRefusedError('failed', `The answer has ${bytes} bytes, more than a message can hold: ask for less at once.`);

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new CallRefusedError('invalid', 'The input of the call is no JSON.');
  }
}

function misfit({ issues }: z.ZodError): CallRefusedError {
  const faults = issues.map(({ path, message }) => ({
    path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
    message,
  }));
  return new CallRefusedError('invalid', 'The input of the call does not fit.', faults);
}
