import {
  MailAmbiguous,
  MailDeferred,
  MailRefused,
  MailUnreachable,
  type MailFailure,
  type SmtpReply,
} from './mail-failures.js';

/** The fields that nodemailer puts on its errors. */
export interface TransportError extends Error {
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
}

const aboutTheMail = ['MAIL FROM', 'RCPT TO', 'DATA'];
const aboutTheSession = [
  'ECONNECTION',
  'ETIMEDOUT',
  'ESOCKET',
  'EDNS',
  'ETLS',
  'EPROTOCOL',
  'EAUTH',
  'ENOAUTH',
  'EPROXY',
];
/** "Log in first" and its relatives: they answer MAIL FROM, but the fault is in our credentials and can be mended. */
const loginReplies = [530, 534, 535, 538];

/**
 * What a failed attempt means. Nodemailer reports a connection that is lost or times out alike whether or not the
 * message was on its way, so the caller has to know whether any of it had been read for sending (`contentRead`).
 *
 * Returns undefined for what is no failure of sending at all, such as a bug.
 */
export function classifyFailure(error: TransportError, contentRead: boolean, server: string): MailFailure | undefined {
  const reply = replyOf(error);
  if (reply && isAboutTheMail(error, reply)) return refusal(reply, server);
  if (contentRead) return interrupted(error, server, reply);
  if (aboutTheSession.includes(error.code ?? '') || reply) return noSession(error, server, reply);
  if (error.code === 'EENVELOPE' || error.code === 'EMESSAGE')
    return new MailRefused(`The mail was not handed over: ${error.message}.`);
  return undefined;
}

/** A 421 that comes instead of any other reply says that the server closes, and that the mail was not taken. */
function isAboutTheMail({ command = '' }: TransportError, { code }: SmtpReply): boolean {
  return code >= 400 && (code === 421 || aboutTheMail.includes(command)) && !loginReplies.includes(code);
}

function refusal(reply: SmtpReply, server: string): MailFailure {
  // 503 (bad sequence of commands) tells of the session's state, not of the mail: a new session may do.
  const forGood = reply.code >= 500 && reply.code !== 503;
  const text = said(reply);
  if (forGood) return new MailRefused(`The mail server at ${server} refused the mail: it answered ${text}.`, reply);
  return new MailDeferred(`The mail server at ${server} does not take the mail now: it answered ${text}.`, reply);
}

function interrupted(error: TransportError, server: string, reply?: SmtpReply): MailFailure {
  const what = error.code === 'ETIMEDOUT' ? 'did not answer in time' : 'broke off';
  return new MailAmbiguous(
    `The mail server at ${server} ${what} after the mail was on its way: it may have been sent.`,
    reply,
  );
}

function noSession(error: TransportError, server: string, reply?: SmtpReply): MailFailure {
  const why = reply ? `it answered ${said(reply)}` : (reasons[error.code ?? ''] ?? 'the connection was lost');
  return new MailUnreachable(`No mail was sent, since the mail server at ${server} could not be used: ${why}.`, reply);
}

const reasons: Record<string, string> = {
  ETIMEDOUT: 'it did not answer in time',
  ESOCKET: 'it cannot be connected to, or its certificate is not trusted',
  EDNS: 'its name cannot be resolved',
  ETLS: 'TLS could not be agreed on, and SMTP_URL does not allow plain text',
  EPROTOCOL: 'it does not speak SMTP as expected',
  EAUTH: 'the login failed; check the user and the password in SMTP_URL',
  ENOAUTH: 'it wants a login and SMTP_URL has none',
};

function replyOf({ responseCode, response, command }: TransportError): SmtpReply | undefined {
  if (!responseCode) return undefined;
  const [line = ''] = (response ?? '').split(/\r?\n/);
  return { code: responseCode, text: line.slice(0, 200), ...(command && { command }) };
}

function said({ code, text }: SmtpReply): string {
  return text.startsWith(String(code)) ? text : `${code} ${text}`.trim();
}
