import { streams } from '@mentorhub/contracts';
import type { Delivery } from '@mentorhub/messaging';
import { derivedId, takeInDeadLetters, type TaskStore } from '@mentorhub/task-store';
import type { EntityManager } from 'typeorm';
import type { MailCounter } from '../daily-stats/mail-counter.js';
import type { Reading, Rest, Stream } from '../ingest/stream.js';
import { bareLetter, deadLetterOf, type IncomingLetter } from './dead-letter-of.js';

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

  written(): void {}

  /** Only its body and the refusal are kept: a letter must neither get lost nor come round and round. */
  async setAside(_delivery: Delivery, rest: Rest<IncomingLetter>): Promise<void> {
    if (rest.reason !== 'refused') return;
    const letters = rest.items.map((letter) => bareLetter(letter, rest.error));
    await takeInDeadLetters(this.store.dataSource.manager, letters);
  }

  /** The runtime records a failure before it parks; nobody has done so for what the broker gave up. */
  private async failTaskOf(tx: EntityManager, letter: IncomingLetter): Promise<void> {
    const { taskId, run, attempt, name = '', error, parkedAt } = letter;
    if (taskId === undefined || run === undefined || attempt === undefined) return;
    if (!(await this.store.endings.fail(tx, { taskId, run, attempt }, error, 'RabbitMQ'))) return;
    // No worker tells this end, so it is counted from here.
    const id = derivedId(taskId, run, attempt, 'failed');
    await this.mails.count(tx, [{ id, kind: 'failed', at: parkedAt.toISOString(), name }]);
  }
}
