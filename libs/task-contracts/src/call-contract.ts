import type { z } from 'zod';
import { assertName } from './contract-rules.js';

/** A question that one service asks another, and the answer, as both sides know them; made by {@link defineCall}. */
export interface CallContract<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'call';
  readonly name: string;
  /** The queue of the service that answers. */
  readonly queue: string;
  readonly input: I;
  readonly output: O;
}

export type AnyCallContract = CallContract;

/** What the caller may write: fields with a default can be left out. */
export type CallInput<C extends AnyCallContract> = z.input<C['input']>;
/** What the caller gets. */
export type CallOutput<C extends AnyCallContract> = z.output<C['output']>;

/**
 * Defines a call. Calls are for what has to be answered while somebody waits; work goes into tasks.
 *
 * @example
 * export const FindSchedule = defineCall({
 *   name: 'schedules.find', queue: 'scheduler-calls', input: z.strictObject({ name: z.string() }), output: ScheduleView,
 * });
 * @throws {ContractError}
 */
export function defineCall<I extends z.ZodType, O extends z.ZodType>(
  contract: Omit<CallContract<I, O>, 'kind'>,
): CallContract<I, O> {
  assertName(contract.name, 'call');
  return Object.freeze({ kind: 'call', ...contract });
}
