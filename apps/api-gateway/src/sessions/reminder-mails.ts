import { SendSessionReminderEmail } from '@mentorhub/contracts';
import { InjectLogger, type Logger } from '@mentorhub/service';
import { derivedId } from '@mentorhub/task-store';
import { Tasks, type EnqueueRequest } from '@mentorhub/tasks';
import type { PayloadInput } from '@mentorhub/task-contracts';
import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { User } from '../accounts/user.entity.js';
import { reminderTaskId } from './session-reminder.js';
import type { Session } from './session.entity.js';

type Role = PayloadInput<typeof SendSessionReminderEmail>['role'];
export const roles: readonly Role[] = ['student', 'mentor'];

/** One id for each mail of each version, so that it can be found again. */
export const mailTaskId = (session: Pick<Session, 'id' | 'version'>, role: Role): string =>
  derivedId(reminderTaskId(session), role);

/** The two mails of a reminder, with addresses, languages and time zones as they are now. They expire with the start. */
export async function reminderMails(
  tx: EntityManager,
  session: Session,
): Promise<EnqueueRequest<typeof SendSessionReminderEmail>[]> {
  const people = await peopleOf(tx, session);
  return roles.map((role) => ({
    contract: SendSessionReminderEmail,
    payload: mailTo(role, people, session),
    options: { id: mailTaskId(session, role), expires: session.startsAt },
  }));
}

async function peopleOf(tx: EntityManager, { studentId, mentorId }: Session): Promise<Record<Role, User>> {
  const found = await tx.findBy(User, { id: In([studentId, mentorId]) });
  const [student, mentor] = [studentId, mentorId].map((id) => found.find((user) => user.id === id));
  if (!student || !mentor) throw new Error('A session names a user who does not exist, which its foreign keys forbid.');
  return { student, mentor };
}

function mailTo(role: Role, people: Record<Role, User>, session: Session) {
  const { email, locale, timezone } = people[role];
  const partner = people[role === 'student' ? 'mentor' : 'student'];
  const { id: sessionId, version, startsAt, durationMinutes } = session;
  return {
    email,
    username: people[role].fullName ?? people[role].username,
    role,
    partnerName: partner.fullName ?? partner.username,
    sessionId,
    version,
    startsAt: startsAt.toISOString(),
    durationMinutes,
    locale,
    timezone,
  };
}

/** Keeps mails that still wait from being sent, when their session was moved or cancelled meanwhile. */
@Injectable()
export class ReminderMails {
  constructor(
    private readonly tasks: Tasks,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /**
   * Called after the change has committed: each mail's row is locked on its own then, which cannot dead-lock with the
   * history that locks many. What could not be revoked is sent, as it would have been a moment earlier.
   */
  async stop(session: Session): Promise<void> {
    if (session.remindedVersion !== session.version) return;
    try {
      for (const role of roles) await this.tasks.revoke(mailTaskId(session, role));
    } catch (error) {
      this.logger.warn({ err: error, session_id: session.id }, 'Reminders of a changed session could not be revoked.');
    }
  }
}
