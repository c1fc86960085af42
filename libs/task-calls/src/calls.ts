import { randomUUID } from 'node:crypto';
import { PublishError, type Broker, type Consumer, type Delivery } from '@mentorhub/messaging';
import { currentTraceHeaders, traced } from '@mentorhub/tracing';
import type { AnyCallContract, CallInput, CallOutput } from '@mentorhub/task-contracts';
import { CallTimeoutError, CallUnreachableError } from './call-errors.js';
import { defaultCallSeconds, readAnswer } from './call-messages.js';

export interface CallsOptions {
  readonly broker: Pick<Broker, 'publisher' | 'consumeTemporary' | 'lookAtTopology'>;
  readonly exchanges: { readonly calls: string; readonly replies: string };
  /** What this process is called among its replicas; the broker's pages show it in the queue's name. */
  readonly worker: string;
}

export interface CallOptions {
  /** Default 5, which is also how long a call waits for a service that is too busy to take it. */
  readonly timeoutSeconds?: number;
  /** Tells a repetition from a new call, where the service heeds it. Default: a new UUID. */
  readonly id?: string;
}

const prefetch = 100;

/**
 * Asks other services and waits for their answers.
 *
 * 1. `start` subscribes a queue of this process's own to the answers for it; it comes back by itself after every loss.
 * 2. `ask` publishes the call with a confirm and waits. A call that no queue takes is returned by the broker: nobody is
 *    there to answer.
 * 3. An answer that comes after its caller has gone, or while the queue is away, is dropped.
 */
export class Calls {
  private readonly address = randomUUID();
  private readonly waiting = new Map<string, (body: Buffer) => void>();
  private consumer: Consumer | undefined;

  constructor(private readonly options: CallsOptions) {}

  /** Idempotent. */
  start(): void {
    const { broker, exchanges, worker } = this.options;
    this.consumer ??= broker.consumeTemporary({
      name: `replies.${worker}`,
      prefetch,
      bindings: [{ exchange: exchanges.replies, routingKey: this.address }],
      onDelivery: (delivery) => this.hear(delivery),
    });
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.consumer?.close();
  }

  /**
   * @throws {CallRefusedError} the service says why it does not do it.
   * @throws {CallUnreachableError} nobody was asked.
   * @throws {CallTimeoutError} no answer came; it may have been done.
   */
  async ask<C extends AnyCallContract>(
    contract: C,
    input: CallInput<C>,
    { timeoutSeconds = defaultCallSeconds, id = randomUUID() }: CallOptions = {},
  ): Promise<CallOutput<C>> {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    await this.untilListening(contract, signal);
    const correlationId = randomUUID();
    const answer = this.answerTo(correlationId, signal);
    try {
      return await traced(`call ${contract.name}`, {}, async () => {
        // A publisher that the broker blocks may take longer than the caller has.
        await Promise.race([this.publish(contract, input, { id, correlationId }), answer]);
        return readAnswer(await answer, contract.output) as CallOutput<C>;
      });
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      // The answer may have found no way here.
      this.options.broker.lookAtTopology();
      throw noAnswer(contract, timeoutSeconds);
    } finally {
      this.waiting.delete(correlationId);
    }
  }

  private async untilListening({ name }: AnyCallContract, signal: AbortSignal): Promise<void> {
    const { broker } = this.options;
    if (!broker.publisher.ready) throw new CallUnreachableError(`RabbitMQ is away, so "${name}" cannot be asked.`);
    this.start();
    await this.consumer?.untilActive(signal).catch((cause: unknown) => {
      throw new CallUnreachableError(`RabbitMQ does not let "${name}" be answered.`, { cause });
    });
  }

  private answerTo(correlationId: string, signal: AbortSignal): Promise<Buffer> {
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.waiting.set(correlationId, resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    // It may be aborted while the call is still being published.
    answer.catch(() => undefined);
    return answer;
  }

  private async publish(
    { name, queue }: AnyCallContract,
    input: unknown,
    { id, correlationId }: { readonly id: string; readonly correlationId: string },
  ): Promise<void> {
    const { broker, exchanges } = this.options;
    const message = {
      exchange: exchanges.calls,
      routingKey: `${queue}.${name}`,
      type: name,
      messageId: id,
      correlationId,
      replyTo: this.address,
      headers: { ...currentTraceHeaders() },
      body: Buffer.from(JSON.stringify(input)),
      mandatory: true,
    };
    await broker.publisher.publish(message).catch((error: unknown) => {
      // Where the broker may have taken it, its answer is waited for all the same.
      if (error instanceof PublishError && error.ambiguous) return;
      if (error instanceof PublishError) throw unreachable(name, error);
      throw error;
    });
  }

  private hear(delivery: Delivery): void {
    this.waiting.get(delivery.correlationId ?? '')?.(delivery.body);
    delivery.ack();
  }
}

const noAnswer = ({ name, queue }: AnyCallContract, seconds: number) =>
  new CallTimeoutError(`Nobody at "${queue}" answered "${name}" within ${seconds} s.`);

const unreachable = (name: string, cause: PublishError) =>
  new CallUnreachableError(
    cause.failure === 'returned'
      ? `No service runs that answers "${name}".`
      : `"${name}" could not be sent: ${cause.message}`,
    { cause },
  );
