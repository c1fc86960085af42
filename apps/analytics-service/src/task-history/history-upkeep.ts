import { catalogue } from '@mentorhub/contracts';
import { relayMetrics, taskMetrics } from '@mentorhub/metrics';
import { InjectLogger, type Logger } from '@mentorhub/service';
import { TaskStore } from '@mentorhub/task-store';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { MailCounter } from '../daily-stats/mail-counter.js';
import { RepeatedJob } from './repeated-job.js';

const partitionsEverySeconds = 3600;
const pruneEverySeconds = 3600;
/** Far longer than a message can wait for its last redelivery. */
const inboxRetentionDays = 30;
/** Each batch is a statement of its own: what gathers in a month would outlast any time limit, and then never be done. */
const pruneBatch = 5_000;
const gaugesEverySeconds = 15;

/**
 * Keeps the history in order.
 *
 * 1. Before anything is consumed, and then hourly: the timeline's partitions of the coming days.
 * 2. Hourly: what no message can ask for any more is deleted, old ends of the inbox, tombstones, slots of the
 *    dead, and what mails were counted.
 * 3. Every 15 s: how long the oldest task of each type has been waiting, and what waits to be published.
 */
@Injectable()
export class HistoryUpkeep implements OnModuleInit, OnModuleDestroy {
  private readonly partitions = new RepeatedJob(partitionsEverySeconds, () => this.makePartitions());
  private readonly pruning = new RepeatedJob(pruneEverySeconds, () => this.prune());
  private readonly gauges = new RepeatedJob(gaugesEverySeconds, () => this.setGauges());

  private stopping = false;

  constructor(
    private readonly store: TaskStore,
    private readonly mails: MailCounter,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.partitions.start();
    void this.pruning.start(); // there may be much, and nothing waits for it
    await this.gauges.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    await Promise.all([this.partitions.stop(), this.pruning.stop(), this.gauges.stop()]);
  }

  /** Without a partition, events go to the default one: nothing is lost, so a fault here stops nothing. */
  private async makePartitions(): Promise<void> {
    try {
      await this.store.history.ensurePartitions();
    } catch (err) {
      this.logger.error({ err }, 'The partitions of the coming days could not be made; it is tried again in an hour.');
    }
  }

  private async prune(): Promise<void> {
    const { inbox, revocations, flow, dataSource } = this.store;
    try {
      await this.inBatches((limit) => inbox.prune(dataSource.manager, inboxRetentionDays, limit));
      await this.inBatches((limit) => revocations.prune(limit));
      await this.inBatches((limit) => flow.prune(limit));
      await this.inBatches((limit) => this.mails.forget(dataSource.manager, limit));
    } catch (err) {
      this.logger.warn({ err }, 'What is no longer needed could not be deleted; it is tried again in an hour.');
    }
  }

  private async inBatches(prune: (limit: number) => Promise<number>): Promise<void> {
    while (!this.stopping && (await prune(pruneBatch)) === pruneBatch);
  }

  private async setGauges(): Promise<void> {
    const { history } = this.store;
    const tasks = [...catalogue.tasks.keys()];
    await this.unlessUnreadable(async () => {
      const ages = new Map((await history.oldestPending(tasks)).map(({ name, ageSeconds }) => [name, ageSeconds]));
      for (const task of tasks) taskMetrics.oldestPendingAge.set({ task }, ages.get(task) ?? 0);
    });
    await this.unlessUnreadable(async () => {
      const { dueRows, oldestAgeSeconds } = await history.relayBacklog();
      relayMetrics.dueRows.set(dueRows);
      relayMetrics.oldestDueAge.set(oldestAgeSeconds);
    });
  }

  private async unlessUnreadable(set: () => Promise<void>): Promise<void> {
    try {
      await set();
    } catch (err) {
      this.logger.warn({ err }, 'What waits could not be read; its metrics stay as they were.');
    }
  }
}
