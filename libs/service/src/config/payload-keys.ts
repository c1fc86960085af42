import { z } from 'zod';

/** The keys that encrypt sensitive payload fields. New messages use `activeId`; the others still decrypt older ones. */
export interface PayloadKeys {
  readonly activeId: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * `id:base64(32 bytes)` separated by commas; the first is the active one. To rotate, put the new key in front and
 * drop the old one when nothing encrypted with it can still arrive.
 */
export function payloadKeys() {
  return z
    .string()
    .transform((text, context): PayloadKeys => {
      const entries = text.split(',').map((entry) => parseEntry(entry.trim()));
      const keys = new Map(entries.filter((entry) => entry !== undefined));
      const [activeId] = keys.keys();
      if (activeId !== undefined && keys.size === entries.length) return { activeId, keys };
      context.addIssue({
        code: 'custom',
        message: 'an entry is not id:key with 32 bytes of base64, or an id is there twice',
      });
      return z.NEVER;
    })
    .describe(
      'id:key, where key is the output of "openssl rand -base64 32"; several separated by commas, the active one first',
    );
}

function parseEntry(entry: string): [string, Buffer] | undefined {
  const [, id, encoded] = /^([\w.-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(entry) ?? [];
  return id === undefined || encoded === undefined ? undefined : [id, Buffer.from(encoded, 'base64')];
}
