import { CreateSchedule, RunSchedule, type NewSchedule } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import { CallRefusedError, Calls } from '@mentorhub/task-calls';
import { Injectable } from '@nestjs/common';
import type { Answer } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { entityTag } from './entity-tags.js';

/**
 * What makes something at the scheduler. With an `Idempotency-Key` the call's id follows from the key and when it first came: a
 * repetition after a time-out finds what the first call made, although its answer never came. Once the key has expired, it is
 * another call.
 */
@Injectable()
export class ScheduleCreation {
  constructor(
    private readonly calls: Calls,
    private readonly idempotent: IdempotentRequests,
  ) {}

  create(schedule: NewSchedule, request: CreatingRequest): Promise<Answer> {
    return this.answer(request, async (call) => {
      const { version, schedule: created } = await this.calls.ask(CreateSchedule, { schedule }, call);
      const headers = { location: `/v1/schedules/${created.name}`, etag: entityTag(version) };
      return { status: 201, headers, body: created };
    });
  }

  run(name: string, given: CreatingRequest): Promise<Answer> {
    // The route is a template, and nothing in the body says which schedule it is.
    const request = { ...given, route: given.route.replace(':name', name) };
    return this.answer(request, async (call) => {
      const task = await this.calls.ask(RunSchedule, { name }, call);
      return { status: 202, headers: { location: `/v1/tasks/${task.id}` }, body: task };
    });
  }

  private answer(request: CreatingRequest, work: (call: { id?: string }) => Promise<Answer>): Promise<Answer> {
    return this.idempotent.answerFromElsewhere(request, (since) => work(callOf(request, since)), mayBeDone);
  }
}

/** The scheduler has not decided against it: this call, or one before it that got no answer, may have been carried out. */
const mayBeDone = (error: unknown): boolean =>
  !(error instanceof CallRefusedError) || error.code === 'failed' || error.code === 'unavailable';

function callOf({ caller, route, keyHash, bodyHash }: CreatingRequest, since: Date | undefined): { id?: string } {
  if (!keyHash || !since) return {};
  return { id: derivedId(caller, route, keyHash.toString('hex'), bodyHash.toString('hex'), since.toISOString()) };
}
