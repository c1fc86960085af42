/** Upper bounds in seconds of what a caller waits for: a request, a publish, a query. */
export const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Upper bounds in seconds of running a task: from a millisecond to the hour that a long job may take. */
export const runSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** Upper bounds in seconds of waiting in a queue and of the whole way of a task: up to the six hours of a bad night. */
export const waitSeconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 7200, 21600];

/** Upper bounds in seconds of how long a handler kept the event loop; shorter than 100 ms is not counted. */
export const blockedSeconds = [0.2, 0.5, 1, 2, 5, 10, 30, 60];

/** Upper bounds in seconds of how late something scheduled began. */
export const driftSeconds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/** Upper bounds in seconds of how long outcomes wait to be settled together; 10 to 20 ms is intended. */
export const settlementSeconds = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Upper bounds of how many outcomes are settled together. */
export const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000];
