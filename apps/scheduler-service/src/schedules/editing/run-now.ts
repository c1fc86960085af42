import { catalogue } from '@mentorhub/contracts';
import { Tasks } from '@mentorhub/tasks';
import { InvalidPayloadError } from '@mentorhub/tasks/payload';
import { CallRefusedError } from '@mentorhub/task-calls';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { noSuchSchedule } from './schedule-editor.js';
import { ScheduleTable } from './schedule-table.js';

/** Runs a schedule's task now, because somebody wants it: also while it is paused, and whatever its overlap policy. */
@Injectable()
export class RunNow {
  constructor(
    private readonly dataSource: DataSource,
    private readonly table: ScheduleTable,
    private readonly tasks: Tasks,
  ) {}

  /** @param taskId the task's id: the same again makes no second one. @throws {CallRefusedError} */
  async run(name: string, taskId: string): Promise<{ id: string; state: string }> {
    return this.dataSource.transaction(async (tx) => {
      const schedule = await this.table.hold(tx, name);
      if (!schedule) throw noSuchSchedule(name);
      const contract = catalogue.tasks.get(schedule.task);
      if (!contract)
        throw new CallRefusedError('conflict', `There is no task "${schedule.task}" any more. Change the schedule.`);
      const payload = schedule.payload as Record<string, unknown>;
      const task = await this.tasks.enqueue(contract, payload, { id: taskId, tx }).catch(refuseMisfit);
      if (task.created) await this.table.noteRun(tx, schedule.id, task.id, await this.table.now(tx));
      return { id: task.id, state: task.state };
    });
  }
}

function refuseMisfit(error: unknown): never {
  if (error instanceof InvalidPayloadError)
    throw new CallRefusedError('conflict', `${error.message} Change the schedule.`);
  throw error;
}
