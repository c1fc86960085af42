import { ReadDailyStats } from '@mentorhub/contracts';
import { Calls } from '@mentorhub/task-calls';
import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { prefersCsv } from './prefers-csv.js';
import { StatsQuery } from './requests.js';
import { statsCsv } from './stats-csv.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { StatsAnswer } from './answers.js';

/** Statistics belong to the analytics service, which is asked over RabbitMQ. */
@Controller('v1/stats')
@DocumentedGroup('What happened on each day.')
export class StatisticsController {
  constructor(private readonly calls: Calls) {}

  @Get('daily')
  @Documented({
    id: 'readDailyStats',
    summary: 'Tells what happened on each day in UTC, of at most 366 days',
    answers: { 200: StatsAnswer },
    alsoAs: 'text/csv',
    refusals: [503, 504],
  })
  async daily(
    @Query({ schema: StatsQuery }) { from, to, format }: StatsQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { days } = await this.calls.ask(ReadDailyStats, { from, to });
    reply.header('vary', 'accept');
    if (format === 'json' || (format === undefined && !prefersCsv(accept))) return { items: days };
    reply.header('content-type', 'text/csv; charset=utf-8; header=present');
    reply.header('content-disposition', `attachment; filename="daily-stats-${from}-${to}.csv"`);
    return statsCsv(days);
  }
}
