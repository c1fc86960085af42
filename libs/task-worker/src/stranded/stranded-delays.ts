import { destinationOf, strandedDelays, type Broker, type Consumer, type Delivery } from '@mentorhub/messaging';
import { delayMetrics } from '@mentorhub/metrics';
import type { HealthChecks, Logger } from '@mentorhub/service';
import { taskHeaders } from '@mentorhub/task-store';
import type { OutcomeSettler } from '../outcome/settle-outcome.js';
import { unreadableEvent } from '../outcome/task-events.js';
import { taskNamedBy } from '../job/decode-delivery.js';

export interface StrandedDelaysOptions {
  readonly broker: Broker;
  readonly settler: OutcomeSettler;
  readonly worker: string;
  readonly health: HealthChecks;
  readonly logger: Logger;
  /** How long a message waits before each further try, in seconds. Default: six times within 21 minutes. */
  readonly waitsSeconds?: readonly number[] | undefined;
}

const prefetch = 50;
/** The first is for a binding that is made again at once, the last for a deploy step that declares the topology. */
const defaultWaitsSeconds = [1, 5, 15, 60, 300, 900];

/**
 * Brings back what came off the delay ladder and did not find its queue, since that or its binding was gone.
 *
 * 1. The topology is looked at: in mode `declare` that brings the queue and its binding back.
 * 2. The message goes through the ladder to its queue once more, after a wait that grows from try to try.
 * 3. When it has found no queue after the last one, it is parked as `unroutable`, and its task has failed.
 *
 * Any number of processes may do so. While none does, the messages wait in their queue.
 */
export class StrandedDelays {
  private consumer: Consumer | undefined;
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: StrandedDelaysOptions) {}

  /** Idempotent. */
  start(): void {
    const { broker, health } = this.options;
    const onDelivery = (delivery: Delivery) => this.take(delivery);
    this.consumer ??= broker.consume({ queue: strandedDelays, prefetch, onDelivery });
    health.register(`consumer ${strandedDelays}`, () => this.consumer?.active ?? false);
  }

  /** Takes no more and resolves when what was taken is moved on. Idempotent. */
  async stop(): Promise<void> {
    await this.consumer?.cancel();
    await Promise.all(this.underWay);
  }

  private take(delivery: Delivery): void {
    const moving = this.moveOn(delivery)
      .catch((err: unknown) => this.options.logger.error({ err }, 'A stranded message could not be moved on.'))
      .finally(() => this.underWay.delete(moving));
    this.underWay.add(moving);
  }

  private async moveOn(delivery: Delivery): Promise<void> {
    const { waitsSeconds = defaultWaitsSeconds } = this.options;
    const queue = destinationOf(delivery.routingKey);
    const times = strandingsOf(delivery);
    // Without its headers it would be another task.
    const seconds = delivery.headersFault === undefined ? waitsSeconds[times] : undefined;
    if (queue === undefined || seconds === undefined) return this.park(onItsWay(delivery, queue ?? delivery.queue));
    return this.sendAgain(onItsWay(delivery, queue), seconds, times + 1);
  }

  private async sendAgain(delivery: Delivery, seconds: number, times: number): Promise<void> {
    const { broker, settler, logger } = this.options;
    const { queue, messageId, type } = delivery;
    logger.warn(
      { queue, message_id: messageId, type, times, seconds },
      'A delayed message did not find its queue; it is sent to it again.',
    );
    broker.lookAtTopology();
    await settler.settle(delivery, { kind: 'stranded', seconds, times });
    delayMetrics.stranded.inc({ outcome: 'returned' });
  }

  private async park(delivery: Delivery): Promise<void> {
    const { settler, worker } = this.options;
    const message = `No queue "${delivery.queue}" took it when its delay was over: declare the queue and its bindings, then replay.`;
    const error = { name: 'UnroutableMessage', message };
    const task = taskNamedBy(delivery);
    const event = task && unreadableEvent(task, delivery.queue, worker, error);
    await settler.settle(delivery, { kind: 'unreadable', reason: 'unroutable', error, event });
    delayMetrics.stranded.inc({ outcome: 'parked' });
  }
}

/** Anything but a count, which only others can have written, begins anew. */
function strandingsOf({ headers }: Delivery): number {
  const times = headers[taskHeaders.strandings];
  return Number.isSafeInteger(times) && Number(times) >= 0 ? Number(times) : 0;
}

/**
 * The same delivery as one of the queue that it was on its way to, since that is where it goes and what its dead letter names.
 * How often it was redelivered here says nothing about its task.
 */
function onItsWay(delivery: Delivery, queue: string): Delivery {
  const { [taskHeaders.strandings]: _times, ...headers } = delivery.headers;
  return Object.create(delivery, {
    queue: { value: queue },
    headers: { value: headers },
    deliveryCount: { value: 0 },
  }) as Delivery;
}
