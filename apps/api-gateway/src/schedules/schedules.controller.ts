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

/** Schedules belong to the scheduler service, which is asked over RabbitMQ. */
@Controller('v1/schedules')
export class SchedulesController {
  constructor(
    private readonly calls: Calls,
    private readonly creation: ScheduleCreation,
  ) {}

  @Post()
  async create(
    @Body({ schema: NewSchedule }) body: NewSchedule,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    assertKnownTask(body.task);
    return respond(reply, await this.creation.create(body, request));
  }

  @Get()
  async list(@Query({ schema: ListQuery }) { limit, cursor }: ListQuery): Promise<unknown> {
    const { items, more } = await this.calls.ask(ListSchedules, { limit, after: cursor });
    const last = items.at(-1);
    return { items, nextCursor: more && last ? scheduleCursor.write(last.name) : null };
  }

  @Get(':name')
  async read(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return tagged(reply, await this.calls.ask(FindSchedule, { name: known(name) }));
  }

  @Patch(':name')
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
  @HttpCode(204)
  async delete(@Param('name') name: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    await this.calls.ask(DeleteSchedule, { name: known(name), seen: versionsIn(ifMatch) });
  }

  /** Now, besides its slots; also while it is paused. */
  @Post(':name/run')
  @RouteConfig({ bodyOptional: true })
  async run(
    @Param('name') name: string,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return respond(reply, await this.creation.run(known(name), request));
  }

  @Get(':name/preview')
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
