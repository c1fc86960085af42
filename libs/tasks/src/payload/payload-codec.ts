import { largestBodyBytes } from '@mentorhub/messaging';
import { toTaskId } from '@mentorhub/task-store';
import type { z } from 'zod';
import type { AnyTaskContract } from '@mentorhub/task-contracts';
import type { PayloadCipher } from './payload-cipher.js';

/** Where a value does not fit and why. */
export interface PayloadFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A payload that does not fit its contract; nothing was stored or published. */
export class InvalidPayloadError extends Error {
  override readonly name = 'InvalidPayloadError';

  constructor(
    readonly contractName: string,
    readonly faults: readonly PayloadFault[],
  ) {
    const list = faults.map(({ path, message }) => `${path.join('.') || 'payload'}: ${message}`).join('; ');
    super(`The payload does not fit "${contractName}": ${list}.`);
  }
}

const faultsOf = (error: z.ZodError): PayloadFault[] =>
  error.issues.map((issue) => ({
    path: issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
    message: issue.message,
  }));

/** Checks a value against a contract's schema. @throws {InvalidPayloadError} */
export function checkPayload<S extends z.ZodType>(contract: { name: string; payload: S }, value: unknown): z.output<S> {
  const checked = contract.payload.safeParse(value);
  if (!checked.success) throw new InvalidPayloadError(contract.name, faultsOf(checked.error));
  return checked.data;
}

/** What an encrypted value is bound to: whoever decrypts it knows the id in its one form only. */
const place = (taskId: string, field: string): string => `${toTaskId(taskId)}/${field}`;

/** The message body of a checked payload: JSON, its sensitive fields encrypted. @throws {InvalidPayloadError} no message can hold it. */
export function encodePayload(
  contract: AnyTaskContract,
  payload: Record<string, unknown>,
  taskId: string,
  cipher: PayloadCipher,
): Buffer {
  if (contract.sensitive.length === 0) return encodeBody(contract, payload);
  const sealed = { ...payload };
  for (const field of contract.sensitive) {
    if (sealed[field] !== undefined) sealed[field] = cipher.encrypt(sealed[field], place(taskId, field));
  }
  return encodeBody(contract, sealed);
}

/** A message body: JSON. @throws {InvalidPayloadError} no message can hold it. */
export function encodeBody({ name }: { name: string }, value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  if (body.length <= largestBodyBytes) return body;
  const message = `has ${body.length} bytes as JSON, and a message holds at most ${largestBodyBytes}: keep what is large elsewhere, and name its place`;
  throw new InvalidPayloadError(name, [{ path: [], message }]);
}

/** Decrypts the sensitive fields of a parsed body, just before the handler. @throws {Error} what the cipher throws. */
export function openPayload(
  contract: AnyTaskContract,
  body: Record<string, unknown>,
  taskId: string,
  cipher: PayloadCipher,
): Record<string, unknown> {
  if (contract.sensitive.length === 0) return body;
  const opened = { ...body };
  for (const field of contract.sensitive) {
    const value = opened[field];
    if (value !== undefined) opened[field] = cipher.decrypt(sealedText(value), place(taskId, field));
  }
  return opened;
}

/** Shorter ones would be found in every text. */
const shortestSecret = 3;

/** The texts in the sensitive fields of a parsed body; none when they cannot be decrypted. */
export function secretsIn(
  contract: AnyTaskContract,
  body: Record<string, unknown>,
  taskId: string,
  cipher: PayloadCipher,
): string[] {
  if (contract.sensitive.length === 0) return [];
  try {
    const opened = openPayload(contract, body, taskId, cipher);
    return textsIn(contract.sensitive.map((field) => opened[field])).filter(({ length }) => length >= shortestSecret);
  } catch {
    return [];
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn);
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
}

/** Why a sensitive field of a parsed body cannot be decrypted with the keys of this process; undefined when they will do. */
export function missingKeyOf(
  contract: AnyTaskContract,
  body: Record<string, unknown>,
  cipher: PayloadCipher,
): string | undefined {
  const values = contract.sensitive.map((field) => body[field]).filter((value) => typeof value === 'string');
  for (const value of values) {
    const missing = cipher.missingKey(value);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

function sealedText(value: unknown): string {
  if (typeof value !== 'string') throw new Error('It is not encrypted.');
  return value;
}
