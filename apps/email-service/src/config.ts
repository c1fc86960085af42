import { integer, list, loadConfig, url } from '@mentorhub/service';
import { taskServiceConfig } from '@mentorhub/tasks/server';
import { z } from 'zod';
import { lanes } from './lanes.js';
import { readSender, readSmtpUrl } from './mailer/index.js';

const schema = z.object({
  ...taskServiceConfig,
  /** The mail server: `smtp:` with STARTTLS, `smtps:` with TLS from the start, `?ignoreTLS=true` for plain text. */
  SMTP_URL: usable(readSmtpUrl).describe('a URL such as smtp://user:password@mail.example:587'),
  /** The sender of every mail. */
  MAIL_FROM: usable(readSender).describe('an address such as "MentorHub <no-reply@mentorhub.example>"'),
  /** Where the links of mails point to. */
  PUBLIC_SITE_URL: url(['https://', 'http://'], 'https://mentorhub.example'),
  /** Mails that this process sends at once, which is also its number of SMTP connections. Default 5. */
  SMTP_CONNECTIONS: integer({ min: 1, max: 100 }).default(5).describe('a number of connections'),
  /** The queues that this process consumes; default: both of the service's. */
  QUEUES: list()
    .refine((names) => names.length > 0 && names.every((name) => (lanes as readonly string[]).includes(name)), {
      error: 'it names a queue that this service does not consume',
    })
    .default([...lanes])
    .describe(`some of ${lanes.join(', ')}, separated by commas`),
});

export type EmailConfig = z.output<typeof schema>;

/** @throws {ConfigError} naming each variable that is wrong, and what to set. */
export const loadEmailConfig = (env?: Record<string, string | undefined>): EmailConfig => loadConfig(schema, env);

/** A text that `read` accepts; what it throws is the fault. */
function usable(read: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });
}
