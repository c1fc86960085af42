import { RequestEmailVerification } from '@mentorhub/contracts';
import { Tasks } from '@mentorhub/tasks';
import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PublicFlow } from '../http/public-rate-limit.js';
import { respond } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { Creating } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { acceptedAnswer } from './accepted-answer.js';
import { EmailVerification } from './email-verification.js';
import { AddressRequest, TokenConfirmation } from './requests.js';

@Controller('v1/email-verifications')
export class EmailVerificationsController {
  constructor(
    private readonly tasks: Tasks,
    private readonly verification: EmailVerification,
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
      await this.tasks.enqueue(RequestEmailVerification, { email }, { tx });
      return acceptedAnswer;
    });
    return respond(reply, answer);
  }

  @Post('confirm')
  @PublicFlow()
  @HttpCode(204)
  async confirm(@Body({ schema: TokenConfirmation }) { token }: TokenConfirmation): Promise<void> {
    await this.verification.confirm(token);
  }
}
