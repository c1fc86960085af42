import { defineRouting } from '@mentorhub/task-contracts';

/** Ordered: the first pattern that fits a task's name decides its queue. */
export const routes = defineRouting([
  // What comes in thousands at a time has lanes of its own; what a person waits for must not stand behind it.
  { pattern: 'email.send-session-reminder', queue: 'email-bulk' },
  { pattern: 'sessions.*', queue: 'default-bulk' },
  { pattern: 'accounts.cleanup-expired-tokens', queue: 'default-bulk' },
  { pattern: 'email.*', queue: 'email' },
  { pattern: 'analytics.*', queue: 'analytics' },
  { pattern: '*', queue: 'default' },
]);
