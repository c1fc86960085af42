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
/**
 * The id of a row, which somebody may have imported, or of a task, which callers may choose: of a UUID's form, whatever its
 * version. In lower case, as PostgreSQL writes it.
 */
export const RowId = z.guid().toLowerCase();
/** How long a session takes. */
export const Minutes = z.int().min(1).max(1440);
/** RFC 3339 in UTC. */
export const Instant = z.iso.datetime();
/** A day of the calendar, from 1970 on. */
export const Day = z.iso
  .date('must be a day such as 2026-11-22')
  .refine((day) => day >= '1970-01-01', 'must be 1970-01-01 or later');
/** A secret of 256 random bits in base64url. */
export const Token = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'is not a token');
/** An IANA time zone that this process knows. */
export const TimeZone = z.string().max(64).refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin');

function isTimeZone(name: string): boolean {
  // An offset such as +02:00 is accepted by Intl but has no daylight-saving rules.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
