/**
 * For tests of code that enqueues and handles tasks: an in-memory driver, an assertion about what was enqueued, and a
 * service on real servers. `docs/testing-tasks.md` says which of them shows what.
 */
export type { Matcher, Partially } from './differences.js';
export { expectEnqueued, type ExpectedTask } from './expect-enqueued.js';
export type { Queryable } from './stored-tasks.js';
export { createTestServers, type TestServers, type TestServersOptions } from '@mentorhub/task-worker/testing';
export { TestService, type TestServiceOptions } from '@mentorhub/task-worker/testing';
export type { FoundTask, TestAttempt, TestTask } from './test-task.js';
export { TestTasks } from './test-tasks.js';
export { TestTasksError } from './test-tasks-error.js';
export type { TestTasksOptions } from './test-tasks-options.js';
