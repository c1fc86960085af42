import { ListSuppressions, type SuppressionPlace, type SuppressionView } from '@mentorhub/contracts';
import { Calls } from '@mentorhub/task-calls';
import { Controller, Get, Query } from '@nestjs/common';
import { suppressionCursor, SuppressionQuery } from './requests.js';

/** The suppression list belongs to the email service, which is asked over RabbitMQ. */
@Controller('v1/suppressions')
export class SuppressionsController {
  constructor(private readonly calls: Calls) {}

  @Get()
  async list(@Query({ schema: SuppressionQuery }) { limit, email, cursor }: SuppressionQuery): Promise<unknown> {
    const { items, more } = await this.calls.ask(ListSuppressions, { limit, email, after: cursor });
    const last = items.at(-1);
    return { items, nextCursor: more && last ? suppressionCursor.write(placeOf(last)) : null };
  }
}

const placeOf = ({ since, email, scope }: SuppressionView): SuppressionPlace => ({ since, email, scope });
