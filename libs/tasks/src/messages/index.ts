/** What clients and workers tell each other, and the times that a message may carry. */
export { readRevoke, revokeRoutingKey } from './control-messages.js';
export { taskEventBatch } from './task-event-batch.js';
export { isWritable } from './times.js';
