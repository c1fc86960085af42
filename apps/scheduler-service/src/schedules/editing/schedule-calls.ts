import {
  ChangeSchedule,
  CreateSchedule,
  DeleteSchedule,
  FindSchedule,
  ListSchedules,
  PreviewSchedule,
  RunSchedule,
} from '@mentorhub/contracts';
import { CallServer } from '@mentorhub/task-calls';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RunNow } from './run-now.js';
import { ScheduleEditor } from './schedule-editor.js';
import { ScheduleReader } from './schedule-reader.js';

/** Answers what the gateway asks about schedules, on any replica. */
@Injectable()
export class ScheduleCalls implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly server: CallServer,
    editor: ScheduleEditor,
    reader: ScheduleReader,
    runner: RunNow,
  ) {
    server
      .answer(CreateSchedule, ({ schedule }, { id }) => editor.create(schedule, id))
      .answer(ListSchedules, ({ limit, after }) => reader.list(limit, after))
      .answer(FindSchedule, ({ name }) => reader.find(name))
      .answer(ChangeSchedule, ({ name, change, seen }) => editor.change(name, change, seen))
      .answer(DeleteSchedule, async ({ name, seen }) => {
        await editor.delete(name, seen);
        return null;
      })
      .answer(RunSchedule, ({ name }, { id }) => runner.run(name, id))
      .answer(PreviewSchedule, ({ name, count, from }) => reader.preview(name, count, from));
  }

  onApplicationBootstrap(): void {
    this.server.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.server.stop();
  }
}
