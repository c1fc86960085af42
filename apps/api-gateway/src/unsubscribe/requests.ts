import { Locale } from '@mentorhub/contracts';
import { z } from 'zod';

/** Any text may be a token: one that is not ours is refused like any other. A mail's reader never sees why a link has `lang`. */
export const UnsubscribeQuery = z.object({
  token: z.string().min(1).max(2_048).describe('From the link of a mail.'),
  lang: Locale.default('en').catch('en').describe('Of the page.'),
});
export type UnsubscribeQuery = z.output<typeof UnsubscribeQuery>;
