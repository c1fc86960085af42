import { RemindOfSession } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import type { EnqueueRequest } from '@mentorhub/tasks';
import type { Session } from './session.entity.js';

/** How long before its start a session is reminded of. */
export const reminderLeadSeconds = 3600;

/** The task that reminds of this version of a session: whoever enqueues it first has made it. */
export const reminderTaskId = ({ id, version }: Pick<Session, 'id' | 'version'>): string =>
  derivedId(RemindOfSession.name, id, version);

export const reminderDueAt = ({ startsAt }: Pick<Session, 'startsAt'>): Date =>
  new Date(startsAt.getTime() - reminderLeadSeconds * 1000);

/** Due one hour before the start, at once when that is past; not run any more after the start. */
export function reminderRequest(
  session: Pick<Session, 'id' | 'version' | 'startsAt'>,
): EnqueueRequest<typeof RemindOfSession> {
  return {
    contract: RemindOfSession,
    payload: { sessionId: session.id, version: session.version },
    options: { id: reminderTaskId(session), eta: reminderDueAt(session), expires: session.startsAt },
  };
}
