import { SuppressionPlace } from '@mentorhub/contracts';

/** Opaque to callers: they hand it back as they got it. */
export const writeCursor = ({ since, email, scope }: SuppressionPlace): string =>
  Buffer.from(JSON.stringify({ since, email, scope })).toString('base64url');

/** Undefined for what no page ended with. */
export function readCursor(cursor: string): SuppressionPlace | undefined {
  try {
    return SuppressionPlace.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
