import { defineCatalogue } from '@mentorhub/task-contracts';
import { consumers } from './consumers.js';
import { UserRegistered } from './events/accounts.js';
import { CoursePublished } from './events/courses.js';
import { SessionCancelled, SessionHeld, SessionRescheduled, SessionScheduled } from './events/sessions.js';
import { routes } from './routing.js';

/** Every task and event of MentorHub. */
export const catalogue = defineCatalogue({
  tasks: consumers.flatMap(({ tasks }) => tasks),
  events: [UserRegistered, SessionScheduled, SessionRescheduled, SessionCancelled, SessionHeld, CoursePublished],
  routes,
  consumers,
});
