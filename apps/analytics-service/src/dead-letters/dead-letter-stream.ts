import { catalogue, streams } from '@mentorhub/contracts';
import type { Delivery } from '@mentorhub/messaging';
import { deadLetterMetrics } from '@mentorhub/metrics';
import { keepDeadLetter, takeInDeadLetters, tasksHeldElsewhere, type TaskStore } from '@mentorhub/task-store';
import type { EntityManager } from 'typeorm';
import type { MailCounter } from '../daily-stats/mail-counter.js';
import type { Reading, Rest, Stream } from '../ingest/stream.js';
import { reasonsOfBroker } from './parking-note.js';
import { deadLetterOf, unreadLetter, type IncomingLetter } from './dead-letter-of.js';

/** Parked messages, taken into the table of dead letters whatever they look like. */
export class DeadLetterStream implements Stream<IncomingLetter> {
  readonly queue = streams.deadLetters;
  /** A letter may be as large as a message can be. */
  readonly prefetch = 20;

  constructor(
    private readonly store: TaskStore,
    private readonly mails: Pick<MailCounter, 'count'>,
  ) {}

  read(delivery: Delivery): Reading<IncomingLetter> {
    return { items: [deadLetterOf(delivery)] };
  }

  async write(tx: EntityManager, letters: readonly IncomingLetter[]): Promise<void> {
    await takeInDeadLetters(tx, letters);
    for (const letter of letters) if (letter.byBroker) await this.failTaskOf(tx, letter);
  }

  async heldElsewhere(tx: EntityManager, letters: readonly IncomingLetter[]): Promise<ReadonlySet<IncomingLetter>> {
    const failing = letters.filter(({ byBroker }) => byBroker);
    const held = new Set(
      await tasksHeldElsewhere(
        tx,
        failing.flatMap(({ taskId }) => taskId ?? []),
      ),
    );
    return new Set(failing.filter(({ taskId }) => taskId !== undefined && held.has(taskId)));
  }

  /** What a worker parked, it has counted. */
  written(letters: readonly IncomingLetter[]): void {
    for (const { byBroker, name = '', reason } of letters)
      if (byBroker)
        deadLetterMetrics.total.inc({
          task: catalogue.tasks.has(name) ? name : 'unknown',
          reason: Object.hasOwn(reasonsOfBroker, reason) ? reason : 'other',
        });
  }

  /** Its body and the refusal at least are kept: a letter must neither get lost nor come round and round. */
  async setAside(delivery: Delivery, rest: Rest<IncomingLetter>): Promise<void> {
    const letters = rest.reason === 'refused' ? rest.items : [unreadLetter(delivery, rest.error)];
    for (const letter of letters) await keepDeadLetter(this.store.dataSource.manager, letter);
  }

  /** The runtime records a failure before it parks; nobody has done so for what the broker gave up. */
  private async failTaskOf(tx: EntityManager, letter: IncomingLetter): Promise<void> {
    const { taskId, run, attempt, name = '', error, parkedAt } = letter;
    if (taskId === undefined || run === undefined || attempt === undefined) return;
    if (!(await this.store.endings.fail(tx, { taskId, run, attempt }, error, 'RabbitMQ'))) return;
    // No worker tells this end, so it is counted from here.
    await this.mails.count(tx, [{ taskId, run, attempt, kind: 'failed', at: parkedAt.toISOString(), name }]);
  }
}
