import { catalogue } from '@mentorhub/contracts';
import { isTerminal, readTaskId, TaskStore } from '@mentorhub/task-store';
import { Tasks } from '@mentorhub/tasks';
import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { BodyLimit, bulkBodyBytes } from '../http/body-limits.js';
import { respond } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { Creating } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { notFound, Problem } from '../problems/problem.js';
import { BulkRequest, MoveRequest, ResultQuery, RevokeRequest, TaskRequest } from './requests.js';
import { ResultWait } from './result-wait.js';
import { TaskAcceptance } from './task-acceptance.js';
import { resultView, taskView } from './task-view.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { AcceptedTask, AcceptedTasks, MovedTask, ResultAnswer, RevokedTask, TaskAnswer } from './answers.js';

const exampleTask = {
  task: 'email.send',
  payload: { to: 'ann@example.com', subject: 'Hello', content: 'Hello Ann' },
};

@Controller('v1/tasks')
@DocumentedGroup('Background tasks.')
export class TasksController {
  constructor(
    private readonly acceptance: TaskAcceptance,
    private readonly idempotent: IdempotentRequests,
    private readonly store: TaskStore,
    private readonly results: ResultWait,
    private readonly tasks: Tasks,
  ) {}

  @Post()
  @Documented({
    id: 'createTask',
    summary: 'Accepts a task; 202 means that it is durable',
    answers: { 202: AcceptedTask },
    headers: ['location'],
    refusals: [503],
    example: exampleTask,
  })
  async accept(
    @Body({ schema: TaskRequest }) body: TaskRequest,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return respond(reply, await this.idempotent.answer(request, (manager) => this.acceptance.accept(body, manager)));
  }

  @Post('bulk')
  @Documented({
    id: 'createTasks',
    summary: 'Accepts up to 1,000 tasks in one transaction, or none of them',
    answers: { 202: AcceptedTasks },
    refusals: [503],
    example: { tasks: [exampleTask] },
  })
  @BodyLimit(bulkBodyBytes)
  async acceptAll(
    @Body({ schema: BulkRequest }) body: BulkRequest,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return respond(reply, await this.idempotent.answer(request, (manager) => this.acceptance.acceptAll(body, manager)));
  }

  @Get(':id')
  @Documented({
    id: 'readTask',
    summary: 'Shows a task with its timeline',
    answers: { 200: TaskAnswer },
    refusals: [503],
  })
  async read(@Param('id') id: string): Promise<unknown> {
    const known = taskId(id);
    const [task, timeline] = await Promise.all([this.store.history.find(known), this.store.history.timeline(known)]);
    if (!task) throw noSuchTask(id);
    return taskView(task, timeline, catalogue);
  }

  @Get(':id/result')
  @Documented({
    id: 'readResult',
    summary: 'Tells how a task ended, waiting for that when asked to',
    answers: { 200: ResultAnswer, 202: ResultAnswer },
    refusals: [503],
  })
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

  /** 200: it never runs. 202: it runs, or may; its result tells how it ended. */
  @Post(':id/revoke')
  @Documented({
    id: 'revokeTask',
    summary: 'Revokes a task: 200 when it never runs, 202 when it may be running',
    answers: { 200: RevokedTask, 202: RevokedTask },
    refusals: [409, 503],
    example: { terminate: true },
  })
  @RouteConfig({ bodyOptional: true })
  @HttpCode(200)
  async revoke(
    @Param('id') id: string,
    @Body({ schema: RevokeRequest }) { terminate }: RevokeRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const known = taskId(id);
    if (!(await this.store.history.find(known))) throw noSuchTask(id);
    const revocation = await this.tasks.revoke(known, { terminate });
    if (revocation.answer === 'unknown') throw noSuchTask(id);
    if (revocation.answer === 'ended') throw ended(revocation.state);
    if (revocation.answer === 'revoking') reply.status(202);
    return { id: known, state: revocation.answer };
  }

  @Patch(':id')
  @Documented({
    id: 'moveTask',
    summary: 'Moves the due time of a task that no worker was given yet',
    answers: { 200: MovedTask },
    refusals: [409, 503],
    example: { eta: '2030-11-22T10:00:00Z' },
  })
  async move(@Param('id') id: string, @Body({ schema: MoveRequest }) { eta }: MoveRequest): Promise<unknown> {
    const known = taskId(id);
    const move = await this.tasks.reschedule(known, new Date(eta));
    if (move.answer === 'unknown') throw noSuchTask(id);
    if (move.answer === 'ended') throw ended(move.state);
    if (move.answer === 'published') throw published(move.state);
    return { id: known, state: move.state, dueAt: move.dueAt.toISOString() };
  }
}

const ended = (state: string) => new Problem(409, `The task has ended already: it is ${state}.`);

const published = (state: string) =>
  new Problem(409, `The task was given to a worker already (it is ${state}), so its due time cannot be changed.`);

/** What is no UUID is the id of no task. */
function taskId(id: string): string {
  const known = readTaskId(id);
  if (known === undefined) throw notFound(`${JSON.stringify(id.slice(0, 100))} is no id of a task, which is a UUID.`);
  return known;
}

const noSuchTask = (id: string) => notFound(`There is no task ${id}.`);
