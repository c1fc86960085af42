import { catalogue } from '@mentorhub/contracts';
import { Tasks, type EnqueuedTask } from '@mentorhub/tasks';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Answer } from '../idempotency/answer.js';
import { enqueueRequests } from './enqueue-requests.js';
import type { BulkRequest, TaskRequest } from './requests.js';

/** Accepts tasks for whoever may call. Everything is checked before anything is stored; what is answered 202 is durable. */
@Injectable()
export class TaskAcceptance {
  constructor(private readonly tasks: Tasks) {}

  /** Always as a row, so that a read of the id straight after answers. @throws {Problem} 413, 422 */
  async accept(request: TaskRequest, manager: EntityManager): Promise<Answer> {
    const [task] = await this.enqueue([request], () => [], manager);
    if (!task) throw new Error('A task was enqueued and is not there.');
    return { status: 202, headers: { location: `/v1/tasks/${task.id}` }, body: task };
  }

  /** All of them by one statement, or none. @throws {Problem} 413, 422 */
  async acceptAll({ tasks }: BulkRequest, manager: EntityManager): Promise<Answer> {
    const items = await this.enqueue(tasks, (index) => ['tasks', index], manager);
    return { status: 202, headers: {}, body: { items } };
  }

  private async enqueue(
    requests: readonly TaskRequest[],
    placeOf: (index: number) => (string | number)[],
    manager: EntityManager,
  ): Promise<Pick<EnqueuedTask, 'id' | 'state'>[]> {
    const enqueued = await this.tasks.enqueueMany(enqueueRequests(requests, catalogue, placeOf), manager);
    return enqueued.map(({ id, state }) => ({ id, state }));
  }
}
