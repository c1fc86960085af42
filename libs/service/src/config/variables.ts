import { z } from 'zod';

/** A whole number between bounds, such as a port or a number of seconds. */
export function integer(bounds: { min: number; max: number }) {
  return z.string().transform((text, context) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= bounds.min && value <= bounds.max) return value;
    context.addIssue({ code: 'custom', message: `it must be a whole number from ${bounds.min} to ${bounds.max}` });
    return z.NEVER;
  });
}

/** A TCP port; 0 lets the system choose a free one. */
export function port(standard: number) {
  return integer({ min: 0, max: 65_535 }).default(standard).describe('a free port between 1 and 65535');
}

/** A switch: true, false, 1, 0, yes, no, on, off. */
export function flag(standard: boolean) {
  const meaning: Record<string, boolean> = { true: true, 1: true, yes: true, on: true };
  const words = z.enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'], {
    error: 'it is neither true nor false',
  });
  return words
    .transform((word) => meaning[word] ?? false)
    .default(standard)
    .describe('true or false');
}

/** A comma-separated list of words; blanks around them are ignored. */
export function list() {
  return z.string().transform((text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  );
}

/** A URL with one of these schemes. Its text is never repeated in a fault, since it may hold a password. */
export function url(schemes: readonly string[], example: string) {
  return z
    .string()
    .refine((text) => hasScheme(text, schemes), { error: `it is not a URL that starts with ${schemes.join(' or ')}` })
    .describe(`a URL such as ${example}`);
}

function hasScheme(text: string, schemes: readonly string[]): boolean {
  return URL.canParse(text) && schemes.some((scheme) => text.startsWith(scheme));
}

/** The PostgreSQL to use. */
export function databaseUrl() {
  return url(['postgres://', 'postgresql://'], 'postgres://user:password@localhost:5432/mentorhub');
}

/** The RabbitMQ to use: one URL, or several of one cluster separated by commas, tried in turn. */
export function amqpUrl() {
  const schemes = ['amqp://', 'amqps://'];
  return list()
    .refine((urls) => urls.length > 0 && urls.every((one) => hasScheme(one, schemes)), {
      error: `it is not a URL that starts with ${schemes.join(' or ')}`,
    })
    .describe('a URL such as amqp://user:password@localhost:5672/');
}
