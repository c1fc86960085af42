import { Instant, RowId } from '@mentorhub/contracts';
import { z } from 'zod';
import { cursorOf } from '../input/cursor.js';

const SessionPlace = z.strictObject({ startsAt: Instant.transform((text) => new Date(text)), id: RowId });

/** Where a page ended. */
export type SessionPlace = z.output<typeof SessionPlace>;

export const sessionCursor = cursorOf(SessionPlace);
