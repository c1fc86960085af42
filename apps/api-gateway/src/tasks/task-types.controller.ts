import { catalogue } from '@mentorhub/contracts';
import { describeTasks } from '@mentorhub/task-contracts';
import { Controller, Get } from '@nestjs/common';

@Controller('v1/task-types')
export class TaskTypesController {
  private readonly types = { items: describeTasks(catalogue) };

  /** Names, versions, JSON Schemas and policies of everything that can be enqueued. */
  @Get()
  list(): unknown {
    return this.types;
  }
}
