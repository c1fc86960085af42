import { defineRouting } from '@mentorhub/tasks/define';

/** Ordered: the first pattern that fits a task's name decides its queue. */
export const routes = defineRouting([
  // Reminders come in thousands at a time; what a person waits for must not stand behind them.
  { pattern: 'email.send-session-reminder', queue: 'email-bulk' },
  { pattern: 'email.*', queue: 'email' },
  { pattern: 'analytics.*', queue: 'analytics' },
  { pattern: '*', queue: 'default' },
]);
