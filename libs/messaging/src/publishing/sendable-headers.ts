/** Deeper than anybody means to; amqplib writes each level by a call of its own. */
const deepest = 64;
const longestName = 255;

/**
 * The name of a header that must not be sent; undefined when all may. amqplib refuses some values and writes others that
 * make RabbitMQ end the connection under all publishes (a number that is none); a message that was received may hold both.
 */
export function unsendableHeader(headers: Readonly<Record<string, unknown>>): string | undefined {
  for (const name in headers) if (!isShort(name) || !isSendable(headers[name], 0)) return name;
  return undefined;
}

/** Whether a header may hold the value. */
export function isSendable(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    case 'number':
      return isSendableNumber(value);
    case 'object':
      return value === null || Buffer.isBuffer(value) || (depth < deepest && isSendableObject(value, depth + 1));
    default:
      return false;
  }
}

export const isShort = (name: string): boolean =>
  name.length * 3 <= longestName || Buffer.byteLength(name) <= longestName;

/** amqplib writes what lies beyond these as a whole number of 64 bits, fractions too, which no whole number is. */
const largestFraction = 2 ** 50;

/** Whole numbers beyond 63 bits have no type that amqplib would choose; all others are doubles. */
const isSendableNumber = (value: number): boolean =>
  Number.isFinite(value) && value >= -(2 ** 63) && (Number.isInteger(value) || Math.abs(value) < largestFraction);

function isSendableObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) return value.every((item) => item !== undefined && isSendable(item, depth));
  if (Object.hasOwn(value, '!')) return isTyped(value as { '!': unknown; value?: unknown });
  return Object.entries(value).every(([name, item]) => isShort(name) && isSendable(item, depth));
}

/** How amqplib tells the types that JavaScript has no values for. A sender may have chosen the same name for a key of a table. */
function isTyped({ '!': type, value }: { '!': unknown; value?: unknown }): boolean {
  if (type === 'timestamp') return Number.isSafeInteger(value) && (value as number) >= 0;
  if (type !== 'decimal' || typeof value !== 'object' || value === null) return false;
  const { places, digits } = value as { places?: unknown; digits?: unknown };
  return isUpTo(places, 2 ** 8) && isUpTo(digits, 2 ** 32);
}

const isUpTo = (value: unknown, bound: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < bound;
