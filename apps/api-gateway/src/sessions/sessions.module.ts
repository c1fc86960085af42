import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { User } from '../accounts/user.entity.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { Bookings } from './bookings.js';
import { RecordHeldSessionsHandler } from './record-held-sessions.handler.js';
import { RemindOfSessionHandler } from './remind-of-session.handler.js';
import { ReminderMails } from './reminder-mails.js';
import { SendSessionRemindersHandler } from './send-session-reminders.handler.js';
import { Session } from './session.entity.js';
import { SessionsController } from './sessions.controller.js';

/** Booking, moving and cancelling sessions, as the role http offers it. */
@Module({
  imports: [TypeOrmModule.forFeature([Session]), IdempotencyModule],
  controllers: [SessionsController],
  providers: [Bookings, ReminderMails],
})
export class SessionsModule {}

/** Reminders and the hourly sweep, as the role worker runs them. */
@Module({
  imports: [TypeOrmModule.forFeature([Session, User])],
  controllers: [RemindOfSessionHandler, SendSessionRemindersHandler, RecordHeldSessionsHandler],
})
export class SessionTasksModule {}
