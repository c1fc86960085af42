import type { TaskError } from '@mentorhub/task-store';

const longestMessage = 4_000;
const longestStack = 8_000;

/** An error as it is recorded, bounded so that it fits a header of a parked message. Whatever was thrown will do. */
export function toTaskError(thrown: unknown): TaskError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: describe(thrown).slice(0, longestMessage) };
  return {
    name: thrown.name,
    message: thrown.message.slice(0, longestMessage),
    ...(thrown.stack && { stack: thrown.stack.slice(0, longestStack) }),
  };
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return 'Something was thrown that cannot be described.';
  }
}
