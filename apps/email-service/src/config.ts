import { integer, list, loadConfig, url } from '@mentorhub/service';
import { taskServiceConfig } from '@mentorhub/task-worker';
import { z } from 'zod';
import { lanes } from './lanes.js';
import { readDkim, readSender, readSmtpUrl } from './mailer/index.js';
import { readDomainRates, readRate } from './sending-rates/read-rates.js';

const schema = z
  .object({
    ...taskServiceConfig,
    /** The mail server: `smtp:` with STARTTLS, `smtps:` with TLS from the start, `?ignoreTLS=true` for plain text. */
    SMTP_URL: usable(readSmtpUrl).describe('a URL such as smtp://user:password@mail.example:587'),
    /** The sender of every mail. */
    MAIL_FROM: usable(readSender).describe('an address such as "MentorHub <no-reply@mentorhub.example>"'),
    /** Where the links of mails point to. */
    PUBLIC_SITE_URL: url(['https://', 'http://'], 'https://mentorhub.example'),
    /** Where the gateway is reached from outside, for the unsubscribe links of mails. Default: PUBLIC_SITE_URL. */
    PUBLIC_API_URL: url(['https://', 'http://'], '')
      .default('')
      .describe('a URL such as https://api.mentorhub.example'),
    /** Mails that this process sends at once, which is also its number of SMTP connections. Default 5. */
    SMTP_CONNECTIONS: integer({ min: 1, max: 100 }).default(5).describe('a number of connections'),
    /** Mails after which a connection is replaced. Default 100. */
    SMTP_MAILS_PER_CONNECTION: integer({ min: 1, max: 1_000_000 }).default(100).describe('a number of mails'),
    /** Mails begun in a time, over all replicas; default no limit. */
    SMTP_RATE: usable(readRate).default('').describe('a rate such as 20/s, 600/m or 5000/h'),
    /** The same for the domains of recipients, besides. */
    SMTP_DOMAIN_RATES: usable(readDomainRates).default('').describe('domains with their rates, such as gmail.com=10/s'),
    /** With these three each mail is signed: the domain, the selector, and a file with the RSA private key in PEM. */
    DKIM_DOMAIN: z.string().default('').describe('a domain such as mentorhub.example'),
    DKIM_SELECTOR: z.string().default('').describe('a name such as mail2026'),
    DKIM_KEY_FILE: z.string().default('').describe('the path of a private key'),
    /** The queues that this process consumes; default: all of the service's. */
    QUEUES: list()
      .refine((names) => names.length > 0 && names.every((name) => lanes.includes(name)), {
        error: 'it names a queue that this service does not consume',
      })
      .default([...lanes])
      .describe(`some of ${lanes.join(', ')}, separated by commas`),
  })
  .superRefine((config, context) => {
    const fault = faultOf(() => readDkim(dkimOf(config)));
    if (fault) context.addIssue({ code: 'custom', path: [fault.split(' ', 1)[0] ?? ''], message: fault });
  });

export type EmailConfig = z.output<typeof schema>;

/** @throws {ConfigError} naming each variable that is wrong, and what to set. */
export const loadEmailConfig = (env?: Record<string, string | undefined>): EmailConfig => loadConfig(schema, env);

type DkimVariables = Record<'DKIM_DOMAIN' | 'DKIM_SELECTOR' | 'DKIM_KEY_FILE', string>;

export const dkimOf = ({ DKIM_DOMAIN: domain, DKIM_SELECTOR: selector, DKIM_KEY_FILE: keyFile }: DkimVariables) => ({
  domain,
  selector,
  keyFile,
});

/** A text that `read` accepts; what it throws is the fault. */
function usable(read: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    const message = faultOf(() => read(text));
    if (message) context.addIssue({ code: 'custom', message });
  });
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
