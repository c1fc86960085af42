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

@Controller('v1/password-resets')
export class PasswordResetsController {
  constructor(
    private readonly tasks: Tasks,
    private readonly reset: PasswordReset,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /** The account is looked up by the task, after the answer: neither the answer nor its time tells whether there is one. */
  @Post()
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
  @PublicFlow()
  @HttpCode(204)
  async confirm(@Body({ schema: PasswordConfirmation }) { token, password }: PasswordConfirmation): Promise<void> {
    await this.reset.confirm(token, password);
  }
}
