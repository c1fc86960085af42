import { initialiseScheduleLabels } from '@mentorhub/metrics';
import { InjectLogger, type Logger } from '@mentorhub/service';
import { isDatabaseUnavailable } from '@mentorhub/task-store';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ScheduleFiring } from './schedule-firing.js';
import { ScheduleStore, type ComingSchedule } from './schedule-store.js';

const longestSleepSeconds = 1;
/** A timer may ring a moment early; looking again at once would be a busy loop. */
const shortestSleepSeconds = 0.005;

/**
 * Fires schedules when their slots come. Every replica runs one.
 *
 * 1. A pass fires, one after the other, every schedule whose slot has come; a fault of one does not stop the others.
 * 2. It sleeps until the next slot by the database's clock, at most 1 s, so that changes are seen within that time.
 * 3. `stop` ends the sleep and waits for the transaction under way.
 */
@Injectable()
export class ScheduleLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private running: Promise<void> | undefined;
  private stopping = false;
  private databaseAway = false;
  private wake: () => void = () => {};

  constructor(
    private readonly schedules: ScheduleStore,
    private readonly firing: ScheduleFiring,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** Idempotent. */
  start(): void {
    this.running ??= this.run();
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    await this.guarded(async () => initialiseScheduleLabels(await this.schedules.enabledNames()));
    while (!this.stopping) {
      const pause = (await this.guarded(() => this.pass())) ?? longestSleepSeconds;
      if (!this.stopping) await this.sleep(pause);
    }
  }

  /** Answers how many seconds to sleep. */
  private async pass(): Promise<number> {
    const coming = await this.schedules.coming();
    this.backToNormal();
    // At 0 before the first slot, or its first increment would be invisible to rates.
    initialiseScheduleLabels(coming.map(({ name }) => name));
    const due = coming.filter(({ secondsAhead }) => secondsAhead <= 0);
    for (const schedule of due) await this.fire(schedule);
    const next = coming[due.length]?.secondsAhead ?? longestSleepSeconds;
    return Math.min(longestSleepSeconds, Math.max(shortestSleepSeconds, next));
  }

  private async fire(schedule: ComingSchedule): Promise<void> {
    if (this.stopping) return;
    try {
      await this.firing.fire(schedule);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      this.logger.error(
        { err: error, schedule: schedule.name },
        'A schedule could not be fired; it is tried again in a second.',
      );
    }
  }

  private async guarded<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!this.databaseAway)
        this.logger.warn({ err: error }, 'Schedules cannot be read; slots fire when PostgreSQL is back.');
      this.databaseAway = true;
      return undefined;
    }
  }

  private backToNormal(): void {
    if (this.databaseAway) this.logger.info({}, 'Schedules can be read again.');
    this.databaseAway = false;
  }

  private sleep(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
