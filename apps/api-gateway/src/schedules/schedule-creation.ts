import { CreateSchedule, RunSchedule, type NewSchedule } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import { Calls } from '@mentorhub/task-calls';
import { Injectable } from '@nestjs/common';
import type { Answer } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { entityTag } from './entity-tags.js';

/**
 * What makes something at the scheduler. With an `Idempotency-Key` the call's id follows from the key: a repetition after
 * a time-out finds what the first call made, although its answer never came.
 */
@Injectable()
export class ScheduleCreation {
  constructor(
    private readonly calls: Calls,
    private readonly idempotent: IdempotentRequests,
  ) {}

  create(schedule: NewSchedule, request: CreatingRequest): Promise<Answer> {
    return this.idempotent.answerFromElsewhere(request, async () => {
      const { version, schedule: created } = await this.calls.ask(CreateSchedule, { schedule }, callOf(request));
      const headers = { location: `/v1/schedules/${created.name}`, etag: entityTag(version) };
      return { status: 201, headers, body: created };
    });
  }

  run(name: string, given: CreatingRequest): Promise<Answer> {
    // The route is a template, and nothing in the body says which schedule it is.
    const request = { ...given, route: given.route.replace(':name', name) };
    return this.idempotent.answerFromElsewhere(request, async () => {
      const task = await this.calls.ask(RunSchedule, { name }, callOf(request));
      return { status: 202, headers: { location: `/v1/tasks/${task.id}` }, body: task };
    });
  }
}

function callOf({ caller, route, keyHash, bodyHash }: CreatingRequest): { id?: string } {
  return keyHash ? { id: derivedId(caller, route, keyHash.toString('hex'), bodyHash.toString('hex')) } : {};
}
