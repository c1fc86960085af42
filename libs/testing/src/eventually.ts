import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface EventuallyOptions {
  /** How long to go on trying, in seconds. Default 250, within the 300 of a test: only what hangs takes so long, however busy the machine. */
  timeoutSeconds?: number;
  /** What is waited for, as it should read after "Waited 250 s for". Default "a condition". */
  what?: string;
  /** Time between two tries, in milliseconds. Default 25. */
  intervalMilliseconds?: number;
}

/**
 * Calls `probe` until it returns something truthy, and returns that. A falsy value and an error both mean "not yet".
 *
 * @throws Error after `timeoutSeconds`; its message carries the last value or error that was seen.
 * @example const mail = await eventually(() => smtp.mails.find((mail) => mail.subject === 'Hi'), { what: 'the mail' });
 */
export async function eventually<T>(probe: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<Truthy<T>> {
  const { timeoutSeconds = 250, what = 'a condition', intervalMilliseconds = 25 } = options;
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const seen = await attempt(probe);
    if ('value' in seen && seen.value) return seen.value as Truthy<T>;
    if (performance.now() >= deadline) throw gaveUp(what, timeoutSeconds, seen);
    await pause(intervalMilliseconds);
  }
}

/**
 * Calls `check` until it returns without throwing: the form for blocks of `expect`.
 *
 * @throws Error after `timeoutSeconds`, with the last error's message.
 */
export async function eventuallyPasses(check: () => unknown, options: EventuallyOptions = {}): Promise<void> {
  await eventually(async () => {
    await check();
    return true;
  }, options);
}

/** What is left of a type once `eventually` has waited for it. */
export type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

type Seen<T> = { value: T } | { error: unknown };

async function attempt<T>(probe: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await probe() };
  } catch (error) {
    return { error };
  }
}

function gaveUp(what: string, timeoutSeconds: number, seen: Seen<unknown>): Error {
  const waited = `Waited ${timeoutSeconds} s for ${what}`;
  if ('value' in seen) return new Error(`${waited}; the last value was ${inspect(seen.value, { depth: 3 })}.`);
  const message = seen.error instanceof Error ? seen.error.message : inspect(seen.error);
  return new Error(`${waited}; the last try failed: ${message}`, { cause: seen.error });
}
