import { isSendable, isShort } from './sendable-headers.js';

/**
 * What of a message's headers can be written down as JSON and sent again as it was: texts, numbers, truth values, nothing,
 * and arrays and tables of these. Where all of it makes more than `mostBytes`, the largest are left out.
 */
export function portableHeaders(
  headers: Readonly<Record<string, unknown>>,
  mostBytes = 32_000,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let bytes = 0;
  for (const { name, value, size } of sizedHeaders(headers)) {
    bytes += size;
    if (bytes > mostBytes) break;
    kept[name] = value;
  }
  return kept;
}

/** The smallest first. */
function sizedHeaders(headers: Readonly<Record<string, unknown>>) {
  return Object.entries(headers)
    .filter(([name, value]) => name !== '__proto__' && isShort(name) && isSendable(value) && isJson(value))
    .map(([name, value]) => ({ name, value, size: Buffer.byteLength(JSON.stringify([name, value])) }))
    .sort((one, other) => one.size - other.size);
}

/** Bytes, and the types that amqplib writes as tables of their own, would come back as something else. */
function isJson(value: unknown): boolean {
  if (value === undefined || Buffer.isBuffer(value)) return false;
  if (typeof value !== 'object' || value === null) return true;
  return !Object.hasOwn(value, '!') && Object.values(value).every(isJson);
}
