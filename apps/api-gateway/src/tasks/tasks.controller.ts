import { catalogue } from '@mentorhub/contracts';
import { isTerminal, TaskStore } from '@mentorhub/task-store';
import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BodyLimit, bulkBodyBytes } from '../http/body-limits.js';
import { respond } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { Creating } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { notFound } from '../problems/problem.js';
import { BulkRequest, ResultQuery, TaskRequest } from './requests.js';
import { ResultWait } from './result-wait.js';
import { TaskAcceptance } from './task-acceptance.js';
import { resultView, taskView } from './task-view.js';

@Controller('v1/tasks')
export class TasksController {
  constructor(
    private readonly acceptance: TaskAcceptance,
    private readonly idempotent: IdempotentRequests,
    private readonly store: TaskStore,
    private readonly results: ResultWait,
  ) {}

  @Post()
  async accept(
    @Body({ schema: TaskRequest }) body: TaskRequest,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return respond(reply, await this.idempotent.answer(request, (manager) => this.acceptance.accept(body, manager)));
  }

  @Post('bulk')
  @BodyLimit(bulkBodyBytes)
  async acceptAll(
    @Body({ schema: BulkRequest }) body: BulkRequest,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return respond(reply, await this.idempotent.answer(request, (manager) => this.acceptance.acceptAll(body, manager)));
  }

  @Get(':id')
  async read(@Param('id') id: string): Promise<unknown> {
    const known = taskId(id);
    const [task, timeline] = await Promise.all([this.store.history.find(known), this.store.history.timeline(known)]);
    if (!task) throw noSuchTask(id);
    return taskView(task, timeline, catalogue);
  }

  @Get(':id/result')
  async result(
    @Param('id') id: string,
    @Query({ schema: ResultQuery }) { wait }: ResultQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const task = await this.results.untilEnded(taskId(id), wait);
    if (!task) throw noSuchTask(id);
    if (isTerminal(task.state)) return resultView(task);
    reply.status(202);
    return { state: task.state };
  }
}

/** What is no UUID is the id of no task. */
function taskId(id: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw noSuchTask(id);
  return id;
}

const noSuchTask = (id: string) =>
  notFound(`There is no task ${id.slice(0, 100)}. It may have been deleted after its retention.`);
