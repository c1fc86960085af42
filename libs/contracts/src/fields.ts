import { z } from 'zod';

/** Languages that mails are written in. */
export const Locale = z.enum(['en', 'ru']);
export type Locale = z.infer<typeof Locale>;

/** At most 254 characters, as SMTP allows. */
export const Email = z.email().max(254);

/** One line of text: no control characters, so that it can stand in a mail header and in a log. */
export const Line = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]*$/u, 'must be one line without control characters');

export const Username = Line(64);
export const Uuid = z.uuid();
/** RFC 3339 in UTC. */
export const Instant = z.iso.datetime();
/** A secret of 256 random bits in base64url. */
export const Token = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'is not a token');
