import { randomUUID } from 'node:crypto';
import { SessionCancelled, SessionRescheduled, SessionScheduled } from '@mentorhub/contracts';
import { Tasks } from '@mentorhub/tasks';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { invalid, notFound, Problem, type Fault } from '../problems/problem.js';
import { peopleFaults, startFaults } from './booking-faults.js';
import { ReminderMails } from './reminder-mails.js';
import type { NewSession } from './requests.js';
import { reminderRequest, reminderTaskId } from './session-reminder.js';
import { databaseNow, lockSession } from './session-rows.js';
import { Session } from './session.entity.js';

/**
 * Books, moves and cancels sessions. Each is one transaction: the row, its event, and its reminder's task. The row is locked
 * first, as the reminder does: of a change and a reminder at the same moment the later one sees what the earlier one did.
 */
@Injectable()
export class Bookings {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tasks: Tasks,
    private readonly mails: ReminderMails,
  ) {}

  /** @throws {Problem} 422 when somebody does not exist, or the time is not possible. */
  async book(input: NewSession, manager: EntityManager): Promise<Session> {
    return manager.transaction(async (tx) => {
      const session = await this.insert(input, tx);
      const { id: sessionId, studentId, mentorId, durationMinutes } = session;
      const startsAt = session.startsAt.toISOString();
      const scheduledAt = session.createdAt.toISOString();
      const fact = { sessionId, studentId, mentorId, startsAt, durationMinutes, scheduledAt };
      await this.tasks.publish(SessionScheduled, fact, { tx });
      await this.tasks.enqueueMany([reminderRequest(session)], tx);
      return session;
    });
  }

  /**
   * Moves the start, and the reminder with it: another version has another task. A move to where it is changes nothing.
   *
   * @throws {Problem} 404, 409 when it was cancelled or has begun, 422 when the time is not possible.
   */
  async move(id: string, startsAt: Date): Promise<Session> {
    const { before, after } = await this.dataSource.transaction(async (tx) => {
      const before = await this.lock(tx, id);
      const now = await databaseNow(tx);
      assertChangeable(before, now);
      if (before.startsAt.getTime() === startsAt.getTime()) return { before, after: before };
      refuse(startFaults(startsAt, now));
      const after = { ...before, startsAt, version: before.version + 1 };
      await this.writeMove(tx, before, after, now);
      return { before, after };
    });
    if (after !== before) await this.mails.stop(before);
    return after;
  }

  /** Cancels, and revokes the reminder. A second time changes nothing. @throws {Problem} 404, 409 when it has begun. */
  async cancel(id: string): Promise<void> {
    const cancelled = await this.dataSource.transaction(async (tx) => {
      const session = await this.lock(tx, id);
      if (session.cancelledAt) return undefined;
      const now = await databaseNow(tx);
      assertChangeable(session, now);
      await tx.update(Session, id, { cancelledAt: now });
      await this.tasks.revoke(reminderTaskId(session), { tx });
      const fact = { sessionId: id, startsAt: session.startsAt.toISOString(), cancelledAt: now.toISOString() };
      await this.tasks.publish(SessionCancelled, fact, { tx });
      return session;
    });
    if (cancelled) await this.mails.stop(cancelled);
  }

  private async insert(input: NewSession, tx: EntityManager): Promise<Session> {
    const now = await databaseNow(tx);
    const startsAt = new Date(input.startsAt);
    refuse([...(await peopleFaults(tx, input)), ...startFaults(startsAt, now)]);
    const session = {
      ...input,
      id: randomUUID(),
      startsAt,
      version: 1,
      remindedVersion: null,
      cancelledAt: null,
      heldAt: null,
      createdAt: now,
    };
    await tx.insert(Session, session);
    return session;
  }

  private async writeMove(tx: EntityManager, before: Session, after: Session, now: Date): Promise<void> {
    const { id: sessionId, version, startsAt } = after;
    await tx.update(Session, sessionId, { startsAt, version });
    await this.tasks.revoke(reminderTaskId(before), { tx });
    await this.tasks.enqueueMany([reminderRequest(after)], tx);
    const previousStartsAt = before.startsAt.toISOString();
    const times = { startsAt: startsAt.toISOString(), previousStartsAt, rescheduledAt: now.toISOString() };
    await this.tasks.publish(SessionRescheduled, { sessionId, version, ...times }, { tx });
  }

  private async lock(tx: EntityManager, id: string): Promise<Session> {
    await tx.query(`SET LOCAL lock_timeout = '10s'`);
    const session = await lockSession(tx, id);
    if (!session) throw noSuchSession(id);
    return session;
  }
}

export const noSuchSession = (id: string): Problem => notFound(`There is no session ${id.slice(0, 100)}.`);

function assertChangeable({ cancelledAt, startsAt }: Session, now: Date): void {
  if (cancelledAt) throw new Problem(409, 'The session was cancelled. Book a new one.');
  if (startsAt <= now) throw new Problem(409, 'The session has begun already, so it cannot be changed any more.');
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw invalid(faults);
}
