import { streams } from '@mentorhub/contracts';
import type { Delivery } from '@mentorhub/messaging';
import { analyticsMetrics, deadLetterMetrics } from '@mentorhub/metrics';
import { projectEvents, tasksHeldElsewhere, type TaskEvent } from '@mentorhub/task-store';
import { sendOrKeep, type ParcelTakers } from '@mentorhub/task-worker';
import type { EntityManager } from 'typeorm';
import type { MailCounter } from '../daily-stats/mail-counter.js';
import type { Rest, Stream } from '../ingest/stream.js';
import { readTaskEvents } from './task-event-batch.js';
import { parkedEvents } from './park-events.js';

/** What happened to tasks, as workers tell it: batches of events, projected into timelines and states, and mails counted. */
export class TaskEventStream implements Stream<TaskEvent> {
  readonly queue = streams.taskEvents;
  /** A message holds up to 1 MiB of events. */
  readonly prefetch = 50;

  constructor(
    private readonly takers: ParcelTakers,
    private readonly mails: Pick<MailCounter, 'count'>,
    private readonly worker: string,
  ) {}

  read(delivery: Delivery) {
    return readTaskEvents(delivery.body);
  }

  async write(tx: EntityManager, events: readonly TaskEvent[]): Promise<void> {
    await projectEvents(tx, events);
    await this.mails.count(tx, events);
  }

  async heldElsewhere(tx: EntityManager, events: readonly TaskEvent[]): Promise<ReadonlySet<TaskEvent>> {
    const held = new Set(await tasksHeldElsewhere(tx, [...new Set(events.map(({ taskId }) => taskId))]));
    return new Set(events.filter(({ taskId }) => held.has(taskId)));
  }

  written(events: readonly TaskEvent[]): void {
    const now = Date.now();
    for (const { at } of events) analyticsMetrics.ingestLag.observe(Math.max(0, (now - Date.parse(at)) / 1000));
  }

  /** Parked as a dead letter, and confirmed as such by the broker; in PostgreSQL when it cannot be sent. @throws {PublishError} */
  async setAside(delivery: Delivery, rest: Rest<TaskEvent>): Promise<void> {
    const { reason, error } = rest;
    const body = reason === 'refused' ? bodyOf(rest.items, delivery) : rest.body;
    await sendOrKeep(parkedEvents(delivery, { body, reason, error }, this.worker), this.takers);
    deadLetterMetrics.total.inc({ task: this.queue, reason });
  }
}

function bodyOf(events: readonly TaskEvent[], delivery: Delivery): Buffer {
  try {
    return Buffer.from(JSON.stringify(events));
  } catch {
    return delivery.body; // nested too deep to be written out again, which may be why it was refused
  }
}
