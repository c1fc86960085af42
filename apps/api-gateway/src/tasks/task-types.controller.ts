import { catalogue } from '@mentorhub/contracts';
import { describeTasks } from '@mentorhub/task-contracts';
import { Controller, Get } from '@nestjs/common';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { TaskTypes } from './answers.js';

@Controller('v1/task-types')
@DocumentedGroup('What can be enqueued.')
export class TaskTypesController {
  private readonly types = { items: describeTasks(catalogue) };

  /** Names, versions, JSON Schemas and policies of everything that can be enqueued. */
  @Get()
  @Documented({
    id: 'listTaskTypes',
    summary: 'Lists what can be enqueued, with JSON Schemas of payload and result',
    answers: { 200: TaskTypes },
  })
  list(): unknown {
    return this.types;
  }
}
