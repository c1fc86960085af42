import { z } from 'zod';
import { assertHarmless } from './harmful-input.js';

const message = 'must be the nextCursor of the page before';
const CursorText = z.base64url(message).max(1_000, message);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The cursor of a list, opaque to callers: they hand it back as they got it. Inside it is JSON, which anybody can write, so
 * it is checked by the same rules as a body, and then by the schema of a place in this list.
 *
 * @param place reads what `JSON.stringify` makes of a place.
 */
export function cursorOf<Place extends z.ZodType>(place: Place) {
  return {
    /** For the schema of a query: the place where the page before ended. */
    query: CursorText.transform((text, context): z.output<Place> => {
      const read = place.safeParse(contentOf(text));
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
      .optional()
      .describe('The nextCursor of the page before.'),
    /** What the next page is asked for with. */
    write: (at: z.output<Place>): string => Buffer.from(JSON.stringify(at)).toString('base64url'),
  };
}

/** Undefined for what is no harmless JSON. */
function contentOf(text: string): unknown {
  try {
    const content: unknown = JSON.parse(utf8.decode(Buffer.from(text, 'base64url')));
    assertHarmless(content);
    return content;
  } catch {
    return undefined;
  }
}
