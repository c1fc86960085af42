import type { z } from 'zod';
import { assertName, assertVersion, jsonSchemaOf } from './contract-rules.js';

/** A fact of a domain, told to whoever subscribes. Publishing one that nobody subscribes to is no fault. */
export interface EventContract<P extends z.ZodObject = z.ZodObject> {
  readonly kind: 'event';
  readonly name: string;
  readonly version: number;
  readonly payload: P;
}

export type AnyEventContract = EventContract<z.ZodObject>;

/**
 * Defines a domain event; its name is in the past tense, for instance `accounts.user-registered`.
 *
 * @throws {ContractError} a malformed name, or a payload that JSON cannot carry.
 */
export function defineEvent<P extends z.ZodObject>(options: {
  readonly name: string;
  readonly version: number;
  readonly payload: P;
}): EventContract<P> {
  assertName(options.name, 'event');
  assertVersion(options.name, options.version);
  jsonSchemaOf(options.name, options.payload);
  return Object.freeze({ kind: 'event', ...options });
}
