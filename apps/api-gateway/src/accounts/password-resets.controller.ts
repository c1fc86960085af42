import { RequestPasswordReset } from '@mentorhub/contracts';
import { Tasks } from '@mentorhub/tasks';
import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PublicFlow } from '../http/public-rate-limit.js';
import { respond } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { Creating } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { acceptedAnswer } from './accepted-answer.js';
import { PasswordReset } from './password-reset.js';
import { AddressRequest, PasswordConfirmation } from './requests.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { AcceptedRequest } from './answers.js';

@Controller('v1/password-resets')
@DocumentedGroup('Setting a new password.')
export class PasswordResetsController {
  constructor(
    private readonly tasks: Tasks,
    private readonly reset: PasswordReset,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /** The account is looked up by the task, after the answer: neither the answer nor its time tells whether there is one. */
  @Post()
  @Documented({
    id: 'requestPasswordReset',
    summary: 'Asks for a password-reset mail; the answer does not tell whether there is an account',
    answers: { 202: AcceptedRequest },
    refusals: [503],
    example: { email: 'ann@example.com' },
  })
  @PublicFlow()
  async request(
    @Body({ schema: AddressRequest }) { email }: AddressRequest,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const answer = await this.idempotent.answer(request, async (tx) => {
      await this.tasks.enqueue(RequestPasswordReset, { email }, { tx });
      return acceptedAnswer;
    });
    return respond(reply, answer);
  }

  @Post('confirm')
  @Documented({
    id: 'resetPassword',
    summary: 'Sets a password by the mailed token',
    answers: { 204: undefined },
    refusals: [410, 503],
    example: { token: 'from-the-mail', password: 'a long sentence' },
  })
  @PublicFlow()
  @HttpCode(204)
  async confirm(@Body({ schema: PasswordConfirmation }) { token, password }: PasswordConfirmation): Promise<void> {
    await this.reset.confirm(token, password);
  }
}
