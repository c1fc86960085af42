import { randomUUID } from 'node:crypto';
import { SendVerificationEmail, UserRegistered } from '@mentorhub/contracts';
import { Tasks } from '@mentorhub/tasks';
import { Injectable } from '@nestjs/common';
import { QueryFailedError, type EntityManager } from 'typeorm';
import { Problem } from '../problems/problem.js';
import { issueToken } from './account-tokens.js';
import type { NewUser } from './requests.js';
import { User } from './user.entity.js';

/** Makes an account, and with it, in one transaction, the verification mail's task and the event that tells of it. */
@Injectable()
export class SignUp {
  constructor(private readonly tasks: Tasks) {}

  /** @throws {Problem} 409 when the address or the name is taken. */
  async register(input: NewUser, manager: EntityManager): Promise<User> {
    try {
      return await manager.transaction((tx) => this.create(input, tx));
    } catch (error) {
      throw takenProblem(error, input) ?? error;
    }
  }

  private async create(input: NewUser, tx: EntityManager): Promise<User> {
    const user = await insertUser(input, tx);
    const token = await issueToken(tx, user.id, 'email-verification');
    const { email, username, locale } = user;
    await this.tasks.publish(UserRegistered, { userId: user.id, registeredAt: user.createdAt.toISOString() }, { tx });
    await this.tasks.enqueue(SendVerificationEmail, { email, username, token, locale }, { tx });
    return user;
  }
}

async function insertUser(input: NewUser, tx: EntityManager): Promise<User> {
  const user = {
    ...input,
    id: randomUUID(),
    fullName: input.fullName ?? null,
    emailVerifiedAt: null,
    createdAt: new Date(),
  };
  await tx.insert(User, user);
  return user;
}

function takenProblem(error: unknown, { email, username }: NewUser): Problem | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { constraint } = error.driverError as { constraint?: string };
  if (constraint === 'user_account_email')
    return taken('/email', `There is an account with the address ${email} already.`);
  if (constraint === 'user_account_username')
    return taken('/username', `The name ${username} is taken. Choose another one.`);
  return undefined;
}

const taken = (path: string, detail: string) => new Problem(409, detail, { errors: [{ path, message: 'is taken' }] });
