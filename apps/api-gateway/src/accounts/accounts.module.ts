import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { CleanupExpiredTokensHandler } from './cleanup-expired-tokens.handler.js';
import { EmailVerification } from './email-verification.js';
import { EmailVerificationsController } from './email-verifications.controller.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordReset } from './password-reset.js';
import { PasswordResetsController } from './password-resets.controller.js';
import { RequestEmailVerificationHandler } from './request-email-verification.handler.js';
import { RequestPasswordResetHandler } from './request-password-reset.handler.js';
import { SignUp } from './sign-up.js';
import { User } from './user.entity.js';
import { UsersController } from './users.controller.js';

/** Sign-up, verification and password reset, as the role http offers them. */
@Module({
  imports: [TypeOrmModule.forFeature([User]), IdempotencyModule],
  controllers: [UsersController, EmailVerificationsController, PasswordResetsController],
  providers: [
    SignUp,
    EmailVerification,
    PasswordReset,
    { provide: PasswordHasher, useFactory: () => new PasswordHasher() },
  ],
})
export class AccountsModule {}

/** The accounts' own tasks, as the role worker runs them. */
@Module({
  imports: [TypeOrmModule.forFeature([User])],
  controllers: [RequestEmailVerificationHandler, RequestPasswordResetHandler, CleanupExpiredTokensHandler],
})
export class AccountTasksModule {}
