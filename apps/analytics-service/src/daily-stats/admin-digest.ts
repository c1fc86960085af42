import { SendAdminNotification, type DailyStats } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import type { DatabaseContext } from '@mentorhub/task-worker';
import { Injectable } from '@nestjs/common';
import { digestDays, digestOf } from './digest.js';
import { FinalDays } from './final-days.js';
import { StatsReader } from './stats-reader.js';

/** Tells the admins of a day that was finalised, each of them once, however often the day is finalised. */
@Injectable()
export class AdminDigest {
  constructor(
    private readonly admins: readonly string[],
    private readonly days: FinalDays,
    private readonly reader: StatsReader,
  ) {}

  /** The mark on the day and the mails' tasks commit together. */
  async send({ date }: DailyStats, ctx: DatabaseContext): Promise<void> {
    if (this.admins.length === 0 || !(await this.days.claimDigest(ctx.tx, date))) return;
    const history = await this.reader.read(ctx.tx, daysBefore(date, digestDays - 1), date);
    const digest = digestOf(history);
    await ctx.enqueueMany(
      this.admins.map((email) => ({
        contract: SendAdminNotification,
        payload: { ...digest, email },
        options: { id: derivedId('daily-digest', date, email) },
      })),
    );
  }
}

function daysBefore(date: string, days: number): string {
  return new Date(Math.max(0, Date.parse(date) - days * 86_400_000)).toISOString().slice(0, 10);
}
