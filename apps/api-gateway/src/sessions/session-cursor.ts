import type { Session } from './session.entity.js';

/** Where a page ended. */
export type SessionPlace = Pick<Session, 'startsAt' | 'id'>;

const placeForm = /^(-?\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Opaque to callers: they hand it back as they got it. */
export function writeCursor({ startsAt, id }: SessionPlace): string {
  return Buffer.from(`${startsAt.getTime()}.${id}`).toString('base64url');
}

/** Undefined for what no page ended with. */
export function readCursor(cursor: string): SessionPlace | undefined {
  const [, time, id] = placeForm.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const startsAt = new Date(Number(time));
  return id && !Number.isNaN(startsAt.getTime()) ? { startsAt, id } : undefined;
}
