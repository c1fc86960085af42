import {
  delayedRoute,
  longestDelaySeconds,
  portableHeaders,
  type Delivery,
  type MessagePublisher,
  type OutgoingMessage,
} from '@mentorhub/messaging';
import type { Logger } from '@mentorhub/service';
import {
  taskHeaders,
  type DeadLetter,
  type ParkedEnvelope,
  type TaskEvent,
  type TaskStore,
} from '@mentorhub/task-store';
import { redeliveriesOf, taskNamedBy } from '../job/decode-delivery.js';
import type { Job } from '../job/job.js';
import type { Settlement } from '../settlement/settlement.js';
import type { Outcome, RecordedOutcome, Retrying } from './outcome.js';
import { countParked, identityOf, letterOf, parcelToPark, sendOrKeep, type Parcel } from './parking.js';

export interface OutcomeSettlerOptions {
  readonly publisher: MessagePublisher;
  readonly store: Pick<TaskStore, 'dataSource'>;
  readonly settlement: Settlement;
  readonly deadLetterExchange: string;
  readonly worker: string;
  readonly logger: Logger;
  /** The process stops: what has not begun goes back to its queue, where it would have to wait for a broker that takes nothing. */
  readonly stopping: () => boolean;
}

const laterSeconds = 5;
const publishAgainMs = 1_000;

/** The one place that says what each outcome leads to. No delivery is acked before its outcome is durable. */
export class OutcomeSettler {
  /** Whether what an outcome has to publish is published, for all deliveries that share it. */
  private readonly moves = new WeakMap<Outcome, Promise<boolean>>();

  constructor(private readonly options: OutcomeSettlerOptions) {}

  settle(delivery: Delivery, outcome: Outcome, job?: Job): Promise<void> | void {
    switch (outcome.kind) {
      case 'succeeded':
      case 'expired':
      case 'revoked':
        return this.tell(delivery, outcome.event, job);
      case 'retrying':
        return this.tryAgain(delivery, outcome, job);
      case 'failed':
        return this.parkFailure(delivery, outcome, job);
      case 'duplicate':
        return this.settle(delivery, outcome.of, job);
      case 'superseded':
        return delivery.ack();
      case 'unreadable':
        return this.parkUnreadable(delivery, outcome);
      case 'unstarted':
        return delivery.handBack();
      case 'postponed':
        return this.tryLater(delivery, outcome.seconds);
      case 'stranded':
        return this.sendAgain(delivery, outcome);
      case 'busy':
        // Whoever runs it may die of it, so it has come back from now on.
        return this.tryLater(delivery, laterSeconds, 1);
      case 'fault':
        return this.tryLater(delivery);
    }
  }

  /** Only tasks have a history; a handled event is simply acked. */
  private tell(delivery: Delivery, event: TaskEvent, job?: Job): void {
    this.options.settlement.add(delivery, job?.contract.kind === 'event' ? undefined : event);
  }

  private async parkFailure(
    delivery: Delivery,
    outcome: Extract<RecordedOutcome, { kind: 'failed' }>,
    job?: Job,
  ): Promise<void> {
    const { event, reason } = outcome;
    const { taskId, run, attempt, error } = event;
    const parked = await this.once(outcome, async () => {
      const done = await this.park(delivery, { reason, error, taskId, run, attempt });
      if (done) countParked(event.name, reason);
      return done;
    });
    if (parked) this.tell(delivery, event, job);
  }

  private async parkUnreadable(
    delivery: Delivery,
    { reason, error, event }: Extract<Outcome, { kind: 'unreadable' }>,
  ): Promise<void> {
    const task = event && { taskId: event.taskId, run: event.run, attempt: event.attempt };
    if (!(await this.park(delivery, { reason, error, ...task }))) return;
    countParked(undefined, reason);
    this.options.settlement.add(delivery, event);
  }

  private park(delivery: Delivery, what: Omit<ParkedEnvelope, 'queue' | 'worker' | 'at'>): Promise<boolean> {
    const { worker, deadLetterExchange } = this.options;
    const envelope = { ...what, queue: delivery.queue, worker, at: new Date().toISOString() };
    return this.untilDurable(delivery, parcelToPark(delivery, envelope, deadLetterExchange));
  }

  /** A row is due again already; a message without one goes to the delay ladder as its next attempt. */
  private async tryAgain(delivery: Delivery, outcome: Retrying, job?: Job): Promise<void> {
    const { through, delaySeconds, deferrals, event } = outcome;
    const {
      [taskHeaders.redeliveries]: _ofThisAttempt,
      [taskHeaders.strandings]: _ofItsWay,
      ...kept
    } = delivery.headers;
    const headers = {
      ...kept,
      [taskHeaders.attempt]: event.attempt + 1,
      [taskHeaders.dueAt]: new Date(Date.now() + delaySeconds * 1000).toISOString(),
      ...(deferrals > 0 && { [taskHeaders.deferrals]: deferrals }),
    };
    const moved = through === 'row' || (await this.once(outcome, () => this.delay(delivery, delaySeconds, headers)));
    if (moved) this.tell(delivery, event, job);
  }

  /**
   * Does what a delivery and its twins have to do together: one after the other tries until one has done it. Whose channel
   * is gone does not publish, and which of them that is nobody knows before.
   */
  private once(outcome: Outcome, move: () => Promise<boolean>): Promise<boolean> {
    const before = this.moves.get(outcome) ?? Promise.resolve(false);
    const moved = before.catch(() => false).then((done) => done || move());
    this.moves.set(outcome, moved);
    return moved;
  }

  private async tryLater(delivery: Delivery, seconds = laterSeconds, atLeast = 0): Promise<void> {
    const redeliveries = Math.max(atLeast, redeliveriesOf(delivery));
    const { [taskHeaders.strandings]: _ofItsWay, ...kept } = delivery.headers;
    const headers = { ...kept, ...(redeliveries > 0 && { [taskHeaders.redeliveries]: redeliveries }) };
    await this.delayOrHandBack(delivery, seconds, headers);
  }

  private async sendAgain(delivery: Delivery, { seconds, times }: Extract<Outcome, { kind: 'stranded' }>) {
    await this.delayOrHandBack(delivery, seconds, { ...delivery.headers, [taskHeaders.strandings]: times });
  }

  private async delayOrHandBack(delivery: Delivery, seconds: number, headers: Delivery['headers']): Promise<void> {
    if (await this.delay(delivery, seconds, headers, this.options.stopping)) delivery.ack();
    else if (delivery.channelOpen) delivery.handBack();
  }

  /** Publishes it to come back to its queue; the ladder counts in whole seconds from 1. */
  private delay(
    delivery: Delivery,
    seconds: number,
    headers: Delivery['headers'],
    isGivenUp?: () => boolean,
  ): Promise<boolean> {
    const route = delayedRoute(delivery.queue, Math.min(Math.max(1, seconds), longestDelaySeconds));
    const { body, timestamp } = delivery;
    // Mandatory, since a level whose queue or binding is gone would drop it and confirm all the same.
    const message = {
      ...route,
      ...identityOf(delivery),
      body,
      headers,
      mandatory: true,
      ...(timestamp && { timestamp }),
    };
    const parcel = { messages: [message, plainest(message)], letter: this.unmovable(delivery) };
    return this.untilDurable(delivery, parcel, isGivenUp);
  }

  private unmovable(delivery: Delivery): DeadLetter {
    const error = { name: 'Error', message: 'It had to wait and could not be sent to the delay ladder.' };
    const { worker } = this.options;
    const what = { reason: 'unsendable', error, queue: delivery.queue, worker, at: new Date().toISOString() };
    return letterOf(delivery, { ...what, ...taskNamedBy(delivery) }, delivery.body);
  }

  /**
   * Sends on, or keeps, what must not get lost before the delivery is acked. Once the delivery's channel is gone the broker
   * gives it to somebody else, and there is nothing left to do.
   *
   * @param isGivenUp whether it need not be tried while the broker takes nothing. Default: never.
   */
  private async untilDurable(delivery: Delivery, parcel: Parcel, isGivenUp = () => false): Promise<boolean> {
    while (delivery.channelOpen) {
      if (isGivenUp() && !this.options.publisher.ready) return false;
      try {
        await sendOrKeep(parcel, this.options);
        return true;
      } catch (error) {
        this.options.logger.warn(
          { err: error, exchange: parcel.messages[0]?.exchange },
          'A message could not be moved on; trying again.',
        );
        await new Promise((resolve) => setTimeout(resolve, publishAgainMs));
      }
    }
    return false;
  }
}

/** Of a message that cannot be sent as it came, what says which task it is, and the headers that can be sent. */
function plainest({ exchange, routingKey, body, messageId, type, headers = {} }: OutgoingMessage): OutgoingMessage {
  const names = { ...(messageId && { messageId }), ...(type && { type }) };
  return { exchange, routingKey, body, ...names, mandatory: true, headers: portableHeaders(headers) };
}
