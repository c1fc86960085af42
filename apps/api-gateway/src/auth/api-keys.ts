import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Who may call, by the SHA-256 of the key; the keys themselves are known to their holders only. */
export type ApiKeys = ReadonlyMap<string, Buffer>;

/** The caller's name on routes that need no key. No key may have it. */
export const publicCaller = 'public';

/** The variable API_KEYS: `name:sha256 in hex`, several separated by commas; two keys of one caller need two names. */
export function apiKeys() {
  return z
    .string()
    .transform((text, context): ApiKeys => {
      const entries = text.split(',').map((entry) => /^([\w.-]{1,64}):([0-9a-fA-F]{64})$/.exec(entry.trim()));
      const keys = new Map(entries.map((entry) => [entry?.[1] ?? '', Buffer.from(entry?.[2] ?? '', 'hex')]));
      if (entries.every((entry) => entry !== null) && keys.size === entries.length && !keys.has(publicCaller))
        return keys;
      context.addIssue({
        code: 'custom',
        message: `an entry is not name:hash with 64 hexadecimal digits, or a name is there twice, or is "${publicCaller}"`,
      });
      return z.NEVER;
    })
    .optional()
    .describe('name:hash, where hash is the output of "printf %s the-key | sha256sum"; several separated by commas');
}

/** The name of the caller whose key this is. Takes as long whichever key it is nearest to, or none. */
export function callerOf(presented: string, keys: ApiKeys): string | undefined {
  const hash = createHash('sha256').update(presented).digest();
  let caller: string | undefined;
  for (const [name, expected] of keys) if (timingSafeEqual(hash, expected)) caller = name;
  return caller;
}
