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
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { AcceptedRequest } from './answers.js';

@Controller('v1/email-verifications')
@DocumentedGroup('Verifying the address of an account.')
export class EmailVerificationsController {
  constructor(
    private readonly tasks: Tasks,
    private readonly verification: EmailVerification,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /** The account is looked up by the task, after the answer: neither the answer nor its time tells whether there is one. */
  @Post()
  @Documented({
    id: 'requestEmailVerification',
    summary: 'Asks for another verification mail; the answer does not tell whether there is an account',
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
      await this.tasks.enqueue(RequestEmailVerification, { email }, { tx });
      return acceptedAnswer;
    });
    return respond(reply, answer);
  }

  @Post('confirm')
  @Documented({
    id: 'confirmEmail',
    summary: 'Confirms an address by the mailed token',
    answers: { 204: undefined },
    refusals: [410, 503],
    example: { token: 'from-the-mail' },
  })
  @PublicFlow()
  @HttpCode(204)
  async confirm(@Body({ schema: TokenConfirmation }) { token }: TokenConfirmation): Promise<void> {
    await this.verification.confirm(token);
  }
}
