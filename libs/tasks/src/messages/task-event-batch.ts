/** Names a message whose body is a JSON array of task events. */
export const taskEventBatch = 'task-events.batch';
