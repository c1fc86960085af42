import { Module } from '@nestjs/common';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { ResultWait } from './result-wait.js';
import { TaskAcceptance } from './task-acceptance.js';
import { TaskTypesController } from './task-types.controller.js';
import { TasksController } from './tasks.controller.js';

/** Accepting and watching any task, for whoever has a key. */
@Module({
  imports: [IdempotencyModule],
  controllers: [TasksController, TaskTypesController],
  providers: [TaskAcceptance, ResultWait],
})
export class TaskRequestsModule {}
