import { z } from 'zod';
import { concurrencyLimitOf, rateLimitOf, type RateLimit } from './flow-limits.js';
import { retryPolicy, type RetryPolicy } from './retry-policy.js';
import {
  assertDurations,
  assertIsolation,
  assertName,
  assertSensitiveFields,
  assertVersion,
  jsonSchemaOf,
} from './contract-rules.js';

/**
 * What a handler changes in the world, which decides how the runtime makes its effects happen once.
 *
 * - `database`: only rows of its own service. The handler runs inside the transaction that also records its outcome.
 * - `external`: something outside the database, such as SMTP. A claim is committed first, and `ctx.once` marks the call.
 * - `idempotent`: running twice is harmless. No inbox row, the cheapest of the three.
 */
export type Effects = 'database' | 'external' | 'idempotent';

/** What happens to a task whose worker died between calling the outside world and recording it. */
export type OnAmbiguous = 'again' | 'park';

/**
 * Where a handler runs.
 *
 * - `inline`: a method in the service's own thread, for handlers that mostly wait.
 * - `thread`: a module in a worker thread, for handlers that compute. Its thread is ended at the hard limit.
 */
export type Isolation = 'inline' | 'thread';

/** Seconds. The soft limit fires `ctx.signal`; the hard limit bounds how long a claim is kept for the attempt. */
export interface TimeLimit {
  readonly softSeconds?: number;
  readonly hardSeconds: number;
}

export const defaultTimeLimits: Readonly<Record<Effects, TimeLimit>> = {
  database: { hardSeconds: 60 },
  external: { hardSeconds: 300 },
  idempotent: { hardSeconds: 300 },
};

/** A `database` handler holds a connection and its row locks for as long as it runs. */
export const longestDatabaseSeconds = 60;

interface TaskOptions<P extends z.ZodObject, R extends z.ZodType, E extends Effects> {
  /** `<domain>.<verb-object>`, for instance `email.send-verification`. */
  readonly name: string;
  /** Raised when the payload changes in a way that old messages do not fit. Starts at 1. */
  readonly version: number;
  readonly effects: E;
  /** A strict object of JSON values; checked when a task is accepted and again before its handler runs. */
  readonly payload: P;
  /** What the handler returns, a JSON value. Default: nothing (`null`). */
  readonly result?: R;
  /** Top-level payload fields that are encrypted from acceptance until just before the handler. */
  readonly sensitive?: readonly (keyof z.infer<P> & string)[];
  /** Default: 60 s hard for `database`, 300 s for the others, no soft limit. */
  readonly timeLimit?: TimeLimit;
  /** What is left out is as in {@link defaultRetryPolicy}: 3 retries after 60, 120 and 240 s. A call can override it. */
  readonly retry?: Partial<RetryPolicy>;
  /** Default `inline`. `thread` goes with `external` and `idempotent` effects: a transaction cannot leave its thread. */
  readonly isolation?: E extends 'database' ? 'inline' : Isolation;
  /** Default: none. */
  readonly rateLimit?: { readonly limit: number; readonly perSeconds?: number };
  /**
   * Tasks with the same key run at most `concurrencyLimit` at once, over all replicas. It sees the payload as the handler
   * gets it; undefined means no bound. Default: none.
   */
  readonly concurrencyKey?: (payload: z.output<P>) => string | undefined;
  /** Default 1. */
  readonly concurrencyLimit?: number;
  /** One sentence for the catalogue of task types. */
  readonly description?: string;
}

export type TaskContractOptions<P extends z.ZodObject, R extends z.ZodType, E extends Effects> = TaskOptions<P, R, E> &
  (E extends 'external' ? { readonly onAmbiguous: OnAmbiguous } : { readonly onAmbiguous?: never });

/** A task as both sides know it: made once by {@link defineTask}, used to enqueue and to handle. */
export interface TaskContract<
  P extends z.ZodObject = z.ZodObject,
  R extends z.ZodType = z.ZodType,
  E extends Effects = Effects,
> {
  readonly kind: 'task';
  readonly name: string;
  readonly version: number;
  readonly effects: E;
  readonly onAmbiguous: OnAmbiguous;
  readonly payload: P;
  readonly result: R;
  readonly sensitive: readonly string[];
  readonly timeLimit: TimeLimit;
  readonly retry: RetryPolicy;
  readonly rateLimit: RateLimit | undefined;
  readonly concurrencyKey: ((payload: never) => string | undefined) | undefined;
  readonly concurrencyLimit: number;
  readonly isolation: Isolation;
  readonly description: string;
}

export type AnyTaskContract = TaskContract<z.ZodObject, z.ZodType, Effects>;

/** The payload as the handler gets it. */
export type Payload<C extends { payload: z.ZodType }> = z.output<C['payload']>;
/** The payload as a caller may write it: fields with a default can be left out. */
export type PayloadInput<C extends { payload: z.ZodType }> = z.input<C['payload']>;
/** What the handler returns. */
export type Result<C extends { result: z.ZodType }> = z.output<C['result']>;

/**
 * Defines a task. Refuses, with a sentence, what could not work at run time: a malformed name, a payload or result that
 * JSON cannot carry, a sensitive field that does not exist, time limits that contradict each other, database effects in a thread.
 *
 * @example
 * export const SendGreeting = defineTask({
 *   name: 'email.send-greeting', version: 1, effects: 'external', onAmbiguous: 'again',
 *   payload: z.strictObject({ email: z.email() }),
 * });
 * @throws {ContractError}
 */
export function defineTask<P extends z.ZodObject, E extends Effects, R extends z.ZodType = z.ZodNull>(
  options: TaskContractOptions<P, R, E>,
): TaskContract<P, R, E> {
  const { name, version, effects, payload } = options;
  const timeLimit = options.timeLimit ?? defaultTimeLimits[effects];
  assertName(name, 'task');
  assertVersion(name, version);
  jsonSchemaOf(name, payload);
  if (options.result) jsonSchemaOf(name, options.result);
  assertSensitiveFields(name, payload, options.sensitive ?? []);
  assertDurations(name, effects === 'database' ? longestDatabaseSeconds : Infinity, timeLimit);
  assertIsolation(name, effects, options.isolation);
  return Object.freeze({
    kind: 'task',
    name,
    version,
    effects,
    onAmbiguous: options.onAmbiguous ?? 'again',
    payload,
    result: options.result ?? (z.null() as unknown as R),
    sensitive: options.sensitive ?? [],
    timeLimit,
    retry: retryPolicy(name, options.retry),
    rateLimit: rateLimitOf(name, options.rateLimit),
    concurrencyKey: options.concurrencyKey,
    concurrencyLimit: concurrencyLimitOf(name, options.concurrencyLimit),
    isolation: options.isolation ?? 'inline',
    description: options.description ?? '',
  });
}
