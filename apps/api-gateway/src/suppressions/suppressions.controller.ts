import { ListSuppressions, type SuppressionPlace, type SuppressionView } from '@mentorhub/contracts';
import { Calls } from '@mentorhub/task-calls';
import { Controller, Get, Query } from '@nestjs/common';
import { suppressionCursor, SuppressionQuery } from './requests.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { SuppressionsAnswer } from './answers.js';

/** The suppression list belongs to the email service, which is asked over RabbitMQ. */
@Controller('v1/suppressions')
@DocumentedGroup('Addresses that get no mail.')
export class SuppressionsController {
  constructor(private readonly calls: Calls) {}

  @Get()
  @Documented({
    id: 'listSuppressions',
    summary: 'Lists the addresses that get no mail, or none of a kind; the task email.lift-suppression takes one off',
    answers: { 200: SuppressionsAnswer },
    refusals: [503, 504],
  })
  async list(@Query({ schema: SuppressionQuery }) { limit, email, cursor }: SuppressionQuery): Promise<unknown> {
    const { items, more } = await this.calls.ask(ListSuppressions, { limit, email, after: cursor });
    const last = items.at(-1);
    return { items, nextCursor: more && last ? suppressionCursor.write(placeOf(last)) : null };
  }
}

const placeOf = ({ since, email, scope }: SuppressionView): SuppressionPlace => ({ since, email, scope });
