import { reminderOutcome } from './reminder-outcome.js';
import type { Session } from './session.entity.js';

const now = new Date('2030-01-01T12:00:00Z');
const session: Session = {
  id: '0d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11',
  studentId: '1d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11',
  mentorId: '2d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11',
  startsAt: new Date('2030-01-01T13:00:00Z'),
  durationMinutes: 60,
  version: 2,
  remindedVersion: 1,
  cancelledAt: null,
  heldAt: null,
  createdAt: new Date('2029-01-01T00:00:00Z'),
};

describe('E44: a reminder', () => {
  it.each([
    ['reminds of the version that it was made for', session, 2, 'reminded'],
    ['has nothing to do for a session that is gone', null, 2, 'unknown'],
    ['has nothing to do for one that was cancelled', { ...session, cancelledAt: now }, 2, 'cancelled'],
    ['has nothing to do for one that was moved since', session, 1, 'moved'],
    ['reminds of a version once', { ...session, remindedVersion: 2 }, 2, 'reminded-before'],
    ['reminds until the last moment', { ...session, startsAt: new Date(now.getTime() + 1) }, 2, 'reminded'],
    ['does not remind of what has begun', { ...session, startsAt: now }, 2, 'started'],
  ])('%s', (_, found, version, outcome) => {
    expect(reminderOutcome(found, version, now)).toBe(outcome);
  });
});
