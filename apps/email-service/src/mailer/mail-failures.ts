import type { SmtpClass } from '@mentorhub/metrics';

/** What the SMTP server answered. */
export interface SmtpReply {
  code: number;
  /** First line, at most 200 characters. It may repeat the recipient's address. */
  text: string;
  /** Of the conversation, the command that it answers. */
  command?: string;
}

/**
 * A mail that was not, or perhaps not, handed over. `definite` tells which: after a definite failure nothing was sent
 * and sending again makes no second copy. Messages hold neither credentials nor the mail's content.
 */
export abstract class MailFailure extends Error {
  /** True: this mail was not sent. False: it may have been. */
  abstract readonly definite: boolean;
  /** True: trying again later can work. */
  abstract readonly mayBeRetried: boolean;
  /** For the metric. */
  abstract readonly smtpClass: SmtpClass;

  constructor(
    message: string,
    readonly reply?: SmtpReply,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** The server refused this mail for good (5xx), or it was not fit to be handed over. Trying again is pointless. */
export class MailRefused extends MailFailure {
  readonly definite = true;
  readonly mayBeRetried = false;
  readonly smtpClass = '5xx';
}

/** The server refused this mail for now (4xx). */
export class MailDeferred extends MailFailure {
  readonly definite = true;
  readonly mayBeRetried = true;
  readonly smtpClass = '4xx';
}

/** No session with the server: connecting, its greeting, TLS or the login failed, or it went away before DATA. */
export class MailUnreachable extends MailFailure {
  readonly definite = true;
  readonly mayBeRetried = true;
  readonly smtpClass = 'connect';
}

/** A time-out, a lost connection or an abort after DATA began: the server may have taken the mail. */
export class MailAmbiguous extends MailFailure {
  readonly definite = false;
  readonly mayBeRetried = true;
  readonly smtpClass = 'timeout';
}
