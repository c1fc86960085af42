import { derivedId } from '../src/ids.js';
import type { TaskEvent } from '../src/index.js';

/** An event of one task unless said otherwise; later kinds and attempts come later. */
export function anEvent(kind: TaskEvent['kind'], more: Partial<TaskEvent> = {}): TaskEvent {
  const { taskId = derivedId('a task'), run = 1, attempt = 1 } = more;
  return {
    taskId,
    run,
    attempt,
    kind,
    at: new Date(Date.now() + (kind === 'started' ? 0 : 1)).toISOString(),
    name: 'example.do',
    version: 1,
    queue: 'work',
    worker: 'worker-1',
    ...more,
  };
}
