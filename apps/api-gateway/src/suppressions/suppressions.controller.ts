import { ListSuppressions } from '@mentorhub/contracts';
import { Calls } from '@mentorhub/tasks/client';
import { Controller, Get, Query } from '@nestjs/common';
import { SuppressionQuery } from './requests.js';
import { readCursor, writeCursor } from './suppression-cursor.js';

/** The suppression list belongs to the email service, which is asked over RabbitMQ. */
@Controller('v1/suppressions')
export class SuppressionsController {
  constructor(private readonly calls: Calls) {}

  @Get()
  async list(@Query({ schema: SuppressionQuery }) { limit, email, cursor }: SuppressionQuery): Promise<unknown> {
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const { items, more } = await this.calls.ask(ListSuppressions, { limit, email, after });
    const last = items.at(-1);
    return { items, nextCursor: more && last ? writeCursor(last) : null };
  }
}
