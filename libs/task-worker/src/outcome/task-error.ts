import type { TaskError } from '@mentorhub/task-store';

const longestName = 200;
const longestMessage = 4_000;
const longestStack = 8_000;

/** An error as it is recorded, bounded, and without the `secrets`. Whatever was thrown will do. */
export function toTaskError(thrown: unknown, secrets: readonly string[] = []): TaskError {
  const text = (value: unknown, longest: number): string => without(secrets, asText(value)).slice(0, longest);
  if (!(thrown instanceof Error)) return { name: 'Error', message: text(thrown, longestMessage) };
  return {
    name: text(nameOf(thrown), longestName),
    message: text(thrown.message, longestMessage),
    ...(thrown.stack && { stack: text(thrown.stack, longestStack) }),
  };
}

/** A PermanentError only says what to do about the error that caused it. */
const nameOf = (thrown: Error): unknown =>
  thrown.name === 'PermanentError' && thrown.cause instanceof Error ? thrown.cause.name : thrown.name;

/** As they are, and as they stand in a link. */
const without = (secrets: readonly string[], text: string): string =>
  secrets
    .flatMap((secret) => [secret, new URLSearchParams({ '': secret }).toString().slice(1)])
    .reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text);

/** Nothing keeps a program from giving an error a name or a message that is no string. */
function asText(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return 'Something was thrown that cannot be described.';
  }
}
