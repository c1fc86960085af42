import { GenerateDailyStats } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import type { Payload, Result } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { AdminDigest } from './admin-digest.js';
import { FinalDays } from './final-days.js';
import { StatsReader } from './stats-reader.js';

/**
 * Finalises a day, in one transaction with the digest about it.
 *
 * Without a date it is the nightly run: the day before, and a task for each day that was missed, for instance because
 * nothing ran for a weekend.
 */
@Controller()
export class GenerateDailyStatsHandler {
  constructor(
    private readonly days: FinalDays,
    private readonly reader: StatsReader,
    private readonly digest: AdminDigest,
  ) {}

  @TaskHandler(GenerateDailyStats)
  async run(
    { date }: Payload<typeof GenerateDailyStats>,
    ctx: DatabaseContext,
  ): Promise<Result<typeof GenerateDailyStats>> {
    const day = date ?? (await this.days.yesterday(ctx.tx));
    await this.days.assertOver(ctx.tx, day);
    if (date === undefined) await this.catchUp(day, ctx);
    await this.days.finalise(ctx.tx, day);
    const stats = await this.reader.readOne(ctx.tx, day);
    await this.digest.send(stats, ctx);
    return stats;
  }

  private async catchUp(day: string, ctx: DatabaseContext): Promise<void> {
    const missed = await this.days.missedBefore(ctx.tx, day);
    await ctx.enqueueMany(
      missed.map((date) => ({
        contract: GenerateDailyStats,
        payload: { date },
        options: { id: derivedId(ctx.id, date) },
      })),
    );
  }
}
