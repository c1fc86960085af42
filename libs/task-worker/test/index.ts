/** What the tests of the task libraries share: example tasks, handlers that follow a script, a service that runs them. */
export * from './example-tasks.js';
export * from './scripted-handlers.js';
export * from './task-application.js';
