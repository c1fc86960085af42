import { defineRouting } from '@mentorhub/tasks/define';

/** Ordered: the first pattern that fits a task's name decides its queue. */
export const routes = defineRouting([
  { pattern: 'email.*', queue: 'email' },
  { pattern: 'analytics.*', queue: 'analytics' },
  { pattern: '*', queue: 'default' },
]);
