import { initialiseScheduleLabels } from '@mentorhub/metrics';
import { InjectLogger, isDatabaseAway, type Logger } from '@mentorhub/service';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { DueSchedules } from './due-schedules.js';
import { batchSize, ScheduleFiring } from './schedule-firing.js';

const longestSleepSeconds = 1;
/** A timer may ring a moment early, and what is due may be in another replica's hands; looking again at once would be a busy loop. */
const shortestSleepSeconds = 0.02;
/** Well within the minute that names are read ahead of time. */
const namesEverySeconds = 20;

/**
 * Fires schedules when their slots come. Every replica runs one.
 *
 * 1. A pass fires everything that is due, batch by batch. A batch that fails is fired one by one, so that a fault of one
 *    schedule does not stop the others.
 * 2. It sleeps until the next slot by the database's clock, at most 1 s, so that changes are seen within that time.
 * 3. When that clock went back, schedules follow it.
 * 4. `stop` ends the sleep and waits for the transaction under way.
 */
@Injectable()
export class ScheduleLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private running: Promise<void> | undefined;
  private readonly stopped = new AbortController();
  private namesReadAt = -Infinity;

  constructor(
    private readonly schedules: DueSchedules,
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
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const pause = (await this.guarded(() => this.pass())) ?? longestSleepSeconds;
      await delay(pause * 1000, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    }
  }

  private get stopping(): boolean {
    return this.stopped.signal.aborted;
  }

  /** Answers how many seconds to sleep. */
  private async pass(): Promise<number> {
    const { clockWentBack } = await this.schedules.outlook();
    if (clockWentBack) await this.firing.rewind();
    await this.nameComing();
    if (!(await this.fireDue())) return longestSleepSeconds;
    const { secondsAhead } = await this.schedules.outlook();
    return Math.min(longestSleepSeconds, Math.max(shortestSleepSeconds, secondsAhead ?? longestSleepSeconds));
  }

  /** At 0 before the first slot, or its first increment would be invisible to rates. */
  private async nameComing(): Promise<void> {
    if (performance.now() - this.namesReadAt < namesEverySeconds * 1000) return;
    initialiseScheduleLabels(await this.schedules.comingNames());
    this.namesReadAt = performance.now();
  }

  /** @returns false when something is still due that could not be fired. */
  private async fireDue(): Promise<boolean> {
    try {
      while (!this.stopping && (await this.firing.fireDue()));
      return true;
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      return this.fireOneByOne();
    }
  }

  private async fireOneByOne(): Promise<boolean> {
    let allFired = true;
    for (const id of await this.schedules.dueIds(batchSize)) {
      if (this.stopping) break;
      await this.firing.fireOne(id).catch((error: unknown) => {
        if (isDatabaseAway(error)) throw error;
        allFired = false;
        const message = 'A schedule could not be fired; it is tried again in a second.';
        this.logger.error({ err: error, schedule_id: id }, message);
      });
    }
    return allFired;
  }

  private async guarded<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      const sentence = 'Schedules cannot be read; slots fire when PostgreSQL is back.';
      this.logger.warn({ away: 'the schedules', err: error }, sentence);
      return undefined;
    }
  }
}
