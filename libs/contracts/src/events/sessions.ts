import { defineEvent } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Instant, Minutes, RowId } from '../fields.js';

/** A session was booked over REST. Rows that somebody imported by SQL tell nothing. */
export const SessionScheduled = defineEvent({
  name: 'sessions.session-scheduled',
  version: 1,
  payload: z.strictObject({
    sessionId: RowId,
    studentId: RowId,
    mentorId: RowId,
    startsAt: Instant,
    durationMinutes: Minutes,
    scheduledAt: Instant,
  }),
});

/** It was moved; `version` counts the moves, from 2. */
export const SessionRescheduled = defineEvent({
  name: 'sessions.session-rescheduled',
  version: 1,
  payload: z.strictObject({
    sessionId: RowId,
    version: z.int(),
    startsAt: Instant,
    previousStartsAt: Instant,
    rescheduledAt: Instant,
  }),
});

export const SessionCancelled = defineEvent({
  name: 'sessions.session-cancelled',
  version: 1,
  payload: z.strictObject({ sessionId: RowId, startsAt: Instant, cancelledAt: Instant }),
});

/** Its time is over and nobody had cancelled it; told once, by the hourly sweep. `heldAt` is when it ended. */
export const SessionHeld = defineEvent({
  name: 'sessions.session-held',
  version: 1,
  payload: z.strictObject({ sessionId: RowId, startsAt: Instant, heldAt: Instant }),
});
