import { Body, Controller, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { respond } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { Creating } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { NewUser } from './requests.js';
import { SignUp } from './sign-up.js';
import type { User } from './user.entity.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { UserAnswer } from './answers.js';

@Controller('v1/users')
@DocumentedGroup('People who have signed up.')
export class UsersController {
  constructor(
    private readonly signUp: SignUp,
    private readonly idempotent: IdempotentRequests,
  ) {}

  @Post()
  @Documented({
    id: 'signUp',
    summary: 'Signs somebody up and sends the verification mail',
    answers: { 201: UserAnswer },
    refusals: [503],
    example: { email: 'ann@example.com', username: 'ann', locale: 'en', timezone: 'Europe/Berlin' },
  })
  async create(
    @Body({ schema: NewUser }) input: NewUser,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const answer = await this.idempotent.answer(request, async (manager) => {
      const user = await this.signUp.register(input, manager);
      return { status: 201, headers: {}, body: userView(user) };
    });
    return respond(reply, answer);
  }
}

const userView = ({ id, email, username, fullName, locale, timezone, emailVerifiedAt, createdAt }: User) => ({
  id,
  email,
  username,
  fullName,
  locale,
  timezone,
  emailVerified: emailVerifiedAt !== null,
  createdAt: createdAt.toISOString(),
});
