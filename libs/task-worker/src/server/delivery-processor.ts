import type { Delivery } from '@mentorhub/messaging';
import { isDatabaseAway, type Logger } from '@mentorhub/service';
import type { Catalogue } from '@mentorhub/task-contracts';
import { isRefusedValue } from '@mentorhub/task-store';
import { decodeDelivery, taskNamedBy, UnreadableMessage, type UnreadableReason } from '../job/decode-delivery.js';
import type { Job } from '../job/job.js';
import type { WaitWithoutPlace } from '../job/queue-lane.js';
import { logUnreadable } from '../middleware/log.js';
import type { Outcome } from '../outcome/outcome.js';
import type { OutcomeSettler } from '../outcome/settle-outcome.js';
import { toTaskError } from '../outcome/task-error.js';
import { unreadableEvent } from '../outcome/task-events.js';
import type { DatabaseCircuit } from '../running/database-circuit.js';
import { mostRepeats, runsAgainAtOnce } from '../running/handler-faults.js';

export interface DeliveryProcessorOptions {
  readonly catalogue: Catalogue;
  /** The middleware, and the handler as its effects ask for. */
  readonly run: (job: Job) => Promise<Outcome>;
  readonly settler: OutcomeSettler;
  readonly circuit: DatabaseCircuit;
  readonly worker: string;
  readonly logger: Logger;
}

/** Decodes one delivery, runs it until it is decided, and settles it. */
export class DeliveryProcessor {
  constructor(private readonly options: DeliveryProcessorOptions) {}

  /** Never throws: what cannot be settled as it should is parked, or comes again. */
  async process(delivery: Delivery, waitWithoutPlace: WaitWithoutPlace): Promise<void> {
    try {
      await this.decide(delivery, waitWithoutPlace);
    } catch (error) {
      this.options.logger.error(
        { err: error, queue: delivery.queue, message_id: delivery.messageId, task: delivery.type },
        'A delivery could not be settled as it should; it is parked.',
      );
      await this.parkUnsettled(delivery, error);
    }
  }

  /** Something about it that nobody thought of: left unacked, it would hold its place here for ever and meet the same fault again. */
  private async parkUnsettled(delivery: Delivery, error: unknown): Promise<void> {
    try {
      const outcome = { kind: 'unreadable', reason: 'unsettled', error: toTaskError(error), event: undefined } as const;
      await this.options.settler.settle(delivery, outcome);
    } catch (err) {
      this.options.logger.error({ err }, 'A delivery could not be parked; it comes again when its channel closes.');
    }
  }

  private async decide(delivery: Delivery, waitWithoutPlace: WaitWithoutPlace): Promise<void> {
    try {
      const job = decodeDelivery(delivery, this.options.catalogue, waitWithoutPlace);
      const first = await this.options.run(job);
      const outcome = first.kind === 'fault' ? await this.untilDecided(job, first) : first;
      await this.options.settler.settle(delivery, this.unlessRefused(delivery, outcome), job);
    } catch (error) {
      if (!(error instanceof UnreadableMessage)) throw error;
      const outcome = this.unreadable(delivery, error.reason, error);
      logUnreadable(this.options.logger, delivery, outcome);
      await this.options.settler.settle(delivery, outcome);
    }
  }

  /**
   * Runs a job again, here, for as long as the database is away; and a few times when a fault of the runtime's own
   * statements is one that an immediate repetition mends.
   */
  private async untilDecided(job: Job, first: Outcome): Promise<Outcome> {
    let outcome = first;
    for (let repeats = 0; ; repeats += 1) {
      if (outcome.kind !== 'fault' || !runsAgainAtOnce(outcome.error)) return outcome;
      if (!(await this.mayRepeat(outcome.error))) {
        await this.options.circuit.untilBack();
        repeats = 0;
        job.repeats = 0;
      }
      if (this.options.circuit.isStopped || !job.delivery.channelOpen) return { kind: 'unstarted' };
      if (repeats === mostRepeats) return outcome;
      outcome = await this.options.run(job);
    }
  }

  /** At once: what is not about the connection, or what was about that connection alone. */
  private async mayRepeat(error: unknown): Promise<boolean> {
    return !isDatabaseAway(error) || this.options.circuit.answersAfter(error);
  }

  /**
   * PostgreSQL refuses the values of a message, and would refuse them again: it is parked instead of coming round for ever.
   * What a handler writes is no matter of this; that is its failure.
   */
  private unlessRefused(delivery: Delivery, outcome: Outcome): Outcome {
    if (outcome.kind !== 'fault' || !isRefusedValue(outcome.error)) return outcome;
    return this.unreadable(delivery, 'unsettled', outcome.error);
  }

  private unreadable(delivery: Delivery, reason: UnreadableReason, thrown: unknown): Outcome & { kind: 'unreadable' } {
    const error = toTaskError(thrown);
    const task = taskNamedBy(delivery);
    return {
      kind: 'unreadable',
      reason,
      error,
      event: task && unreadableEvent(task, delivery.queue, this.options.worker, error),
    };
  }
}
