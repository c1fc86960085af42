import {
  catalogue,
  ChangeSchedule,
  DeleteSchedule,
  FindSchedule,
  ListSchedules,
  NewSchedule,
  PreviewSchedule,
  ScheduleChange,
  ScheduleName,
  ScheduleView,
  type VersionedSchedule,
} from '@mentorhub/contracts';
import { Calls } from '@mentorhub/task-calls';
import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { respond } from '../idempotency/answer.js';
import { Creating, type CreatingRequest } from '../idempotency/creating-request.js';
import { invalid, notFound } from '../problems/problem.js';
import { unknownTask } from '../tasks/enqueue-requests.js';
import { entityTag, versionsIn } from './entity-tags.js';
import { ListQuery, PreviewQuery, scheduleCursor } from './requests.js';
import { ScheduleCreation } from './schedule-creation.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { AcceptedTask } from '../tasks/answers.js';
import { Firings, ScheduleList } from './answers.js';

/** Schedules belong to the scheduler service, which is asked over RabbitMQ. */
@Controller('v1/schedules')
@DocumentedGroup('Tasks that are enqueued again and again, or once at an instant.')
export class SchedulesController {
  constructor(
    private readonly calls: Calls,
    private readonly creation: ScheduleCreation,
  ) {}

  @Post()
  @Documented({
    id: 'createSchedule',
    summary: 'Creates a schedule; it holds for every scheduler from the answer on',
    answers: { 201: ScheduleView },
    headers: ['location', 'etag'],
    refusals: [503, 504],
    example: {
      name: 'clean-up-on-mondays',
      task: 'accounts.cleanup-expired-tokens',
      cron: '0 4 * * 1',
      timezone: 'Europe/Berlin',
    },
  })
  async create(
    @Body({ schema: NewSchedule }) body: NewSchedule,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    assertKnownTask(body.task);
    return respond(reply, await this.creation.create(body, request));
  }

  @Get()
  @Documented({
    id: 'listSchedules',
    summary: 'Lists schedules by name',
    answers: { 200: ScheduleList },
    refusals: [503, 504],
  })
  async list(@Query({ schema: ListQuery }) { limit, cursor }: ListQuery): Promise<unknown> {
    const { items, more } = await this.calls.ask(ListSchedules, { limit, after: cursor });
    const last = items.at(-1);
    return { items, nextCursor: more && last ? scheduleCursor.write(last.name) : null };
  }

  @Get(':name')
  @Documented({
    id: 'readSchedule',
    summary: 'Shows a schedule; its ETag is what If-Match takes',
    answers: { 200: ScheduleView },
    headers: ['etag'],
    refusals: [503, 504],
  })
  async read(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return tagged(reply, await this.calls.ask(FindSchedule, { name: known(name) }));
  }

  @Patch(':name')
  @Documented({
    id: 'changeSchedule',
    summary: 'Changes, pauses or resumes a schedule; with If-Match only if nobody else has changed it',
    answers: { 200: ScheduleView },
    headers: ['etag'],
    refusals: [409, 503, 504],
    example: { enabled: false },
  })
  async change(
    @Param('name') name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body({ schema: ScheduleChange }) change: ScheduleChange,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const seen = versionsIn(ifMatch);
    if (change.task !== undefined) assertKnownTask(change.task);
    return tagged(reply, await this.calls.ask(ChangeSchedule, { name: known(name), change, seen }));
  }

  @Delete(':name')
  @Documented({
    id: 'deleteSchedule',
    summary: 'Deletes a schedule; tasks that it has enqueued stay',
    answers: { 204: undefined },
    refusals: [503, 504],
  })
  @HttpCode(204)
  async delete(@Param('name') name: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    await this.calls.ask(DeleteSchedule, { name: known(name), seen: versionsIn(ifMatch) });
  }

  /** Now, besides its slots; also while it is paused. */
  @Post(':name/run')
  @Documented({
    id: 'runSchedule',
    summary: "Enqueues a schedule's task now, besides its slots",
    answers: { 202: AcceptedTask },
    headers: ['location'],
    refusals: [503, 504],
  })
  @RouteConfig({ bodyOptional: true })
  async run(
    @Param('name') name: string,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return respond(reply, await this.creation.run(known(name), request));
  }

  @Get(':name/preview')
  @Documented({
    id: 'previewSchedule',
    summary: 'Tells when a schedule fires, as if it were enabled',
    answers: { 200: Firings },
    refusals: [503, 504],
  })
  preview(
    @Param('name') name: string,
    @Query({ schema: PreviewQuery }) { from, count }: PreviewQuery,
  ): Promise<{ firings: string[] }> {
    return this.calls.ask(PreviewSchedule, { name: known(name), from, count });
  }
}

function tagged(reply: FastifyReply, { version, schedule }: VersionedSchedule): unknown {
  reply.header('etag', entityTag(version));
  return schedule;
}

/** What no schedule can be called is the name of none. */
function known(name: string): string {
  if (ScheduleName.safeParse(name).success) return name;
  throw notFound(`There is no schedule ${JSON.stringify(name.slice(0, 100))}.`);
}

/** The scheduler would refuse it too, and does not know which names are close. */
function assertKnownTask(task: string): void {
  if (!catalogue.tasks.has(task)) throw invalid([unknownTask(task, catalogue, ['task'])]);
}
