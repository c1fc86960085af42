import type { TaskError } from '@mentorhub/task-store';

const longestName = 200;
const longestMessage = 4_000;
const longestStack = 8_000;

/** An error as it is recorded, bounded. Whatever was thrown will do. */
export function toTaskError(thrown: unknown): TaskError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: describe(thrown).slice(0, longestMessage) };
  return {
    name: text(nameOf(thrown), longestName),
    message: text(thrown.message, longestMessage),
    ...(thrown.stack && { stack: text(thrown.stack, longestStack) }),
  };
}

/** A PermanentError only says what to do about the error that caused it. */
const nameOf = (thrown: Error): unknown =>
  thrown.name === 'PermanentError' && thrown.cause instanceof Error ? thrown.cause.name : thrown.name;

/** Nothing keeps a program from giving an error a name or a message that is no string. */
const text = (value: unknown, longest: number): string =>
  (typeof value === 'string' ? value : describe(value)).slice(0, longest);

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return 'Something was thrown that cannot be described.';
  }
}
