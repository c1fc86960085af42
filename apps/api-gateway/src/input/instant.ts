import { z } from 'zod';

/** An instant of a request, in whatever offset. */
export const Rfc3339 = z.iso.datetime({
  offset: true,
  error: 'must be an RFC 3339 instant such as 2026-11-22T10:00:00Z',
});
