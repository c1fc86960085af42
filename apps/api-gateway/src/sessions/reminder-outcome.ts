import type { ReminderOutcome } from '@mentorhub/contracts';
import type { z } from 'zod';
import type { Session } from './session.entity.js';

/**
 * What a reminder of one version comes to, for the session as it stands now. Nobody is reminded of what has begun: a mail
 * that says so an hour late helps nobody.
 */
export function reminderOutcome(session: Session | null, version: number, now: Date): z.output<typeof ReminderOutcome> {
  if (!session) return 'unknown';
  if (session.cancelledAt) return 'cancelled';
  if (session.version !== version) return 'moved';
  if (session.remindedVersion === version) return 'reminded-before';
  return session.startsAt <= now ? 'started' : 'reminded';
}
