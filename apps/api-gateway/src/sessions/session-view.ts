import { reminderDueAt, reminderTaskId } from './session-reminder.js';
import type { Session } from './session.entity.js';

/** A session as it is answered. */
export function sessionView(session: Session) {
  const { id, studentId, mentorId, startsAt, durationMinutes, version, createdAt } = session;
  return {
    id,
    studentId,
    mentorId,
    startsAt: startsAt.toISOString(),
    durationMinutes,
    state: stateOf(session),
    version,
    reminder: {
      taskId: reminderTaskId(session),
      dueAt: reminderDueAt(session).toISOString(),
      enqueued: session.remindedVersion === version,
    },
    createdAt: createdAt.toISOString(),
  };
}

export const sessionStates = ['scheduled', 'cancelled', 'held'] as const;

function stateOf({ cancelledAt, heldAt }: Session): (typeof sessionStates)[number] {
  if (cancelledAt) return 'cancelled';
  return heldAt ? 'held' : 'scheduled';
}
