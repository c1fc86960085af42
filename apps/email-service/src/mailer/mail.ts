import type { TemplateName } from '../templates/index.js';
import { MailRefused } from './mail-failures.js';

/** A mail to hand over. */
export interface Mail {
  /** For the metrics. */
  template: TemplateName;
  /** One bare address. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** With its angle brackets; the same for every attempt of a task, so that a second copy can be recognised. */
  messageId: string;
  headers?: Record<string, string>;
  attachments?: { filename: string; contentType?: string; content: Buffer | string; cid?: string }[];
}

const oneAddress = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;
const messageIdForm = /^<[^\s<>@]+@[^\s<>@]+>$/;
const headerName = /^[!-9;-~]+$/;

/**
 * Refuses what could add headers or recipients: a control character (CR and LF above all) in anything that ends up in
 * a header.
 *
 * @throws MailRefused with a sentence that names the field, never its value
 */
export function refuseInjection(mail: Mail): void {
  for (const [field, value] of headerValues(mail)) {
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) {
      throw new MailRefused(`The mail's ${field} contains a line break or another control character: it was not sent.`);
    }
  }
  if (!oneAddress.test(mail.to))
    throw new MailRefused(`The mail's recipient is not one plain address: it was not sent.`);
  if (!messageIdForm.test(mail.messageId))
    throw new MailRefused(`The mail's Message-ID is not of the form <id@domain>.`);
  const misnamed = Object.keys(mail.headers ?? {}).some((name) => !headerName.test(name));
  if (misnamed) throw new MailRefused('The mail has a header whose name is not allowed: it was not sent.');
}

function headerValues({ to, subject, messageId, headers = {}, attachments = [] }: Mail): [string, string][] {
  return [
    ['recipient', to],
    ['subject', subject],
    ['Message-ID', messageId],
    ...Object.values(headers).map((value): [string, string] => ['header', value]),
    ...attachments.map(({ filename }): [string, string] => ["attachment's name", filename]),
    ...attachments.map(({ contentType = '' }): [string, string] => ["attachment's type", contentType]),
    ...attachments.map(({ cid = '' }): [string, string] => ["attachment's content id", cid]),
  ];
}
