import type { SmtpReply } from './mail-failures.js';

/**
 * Whether the server says that this address takes no mail, now and later, which is a fact about the recipient alone.
 *
 * The enhanced status code (RFC 3463) decides: 5.1.x is about the address, except where it does not say whose (5.1.0), is about
 * the sender's (5.1.7, 5.1.8) or says that the address is valid (5.1.5); 5.2.1 is a disabled mailbox. A full mailbox (5.2.2), a policy (5.7.x), a spam verdict and all
 * others are not: they pass, or would be the same for any recipient. A server that gives no such code has to say in words that the
 * mailbox does not exist: a bare 550 is also what a relay answers that does not know us. Many servers look at the sender only when
 * they are told the recipient: what names the sender is about us.
 */
export function isHardBounce({ code, text, command }: SmtpReply): boolean {
  if (code < 500 || code > 599 || command === 'MAIL FROM' || ofSender.test(text)) return false;
  const [, status] = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(text) ?? [];
  if (status !== undefined) return status === '5.2.1' || (/^5\.1\./.test(status) && !othersOfAddresses.has(status));
  return command === 'RCPT TO' && [550, 551, 553].includes(code) && unknownMailbox.test(text);
}

const othersOfAddresses = new Set(['5.1.0', '5.1.5', '5.1.7', '5.1.8']);

const ofSender = /\b(sender|mail from|from address|return[- ]path|helo|ehlo|relay(ing)?)\b/i;

const unknownMailbox =
  /\b(no such|unknown|non-?existent|invalid) (local )?(user|mailbox|recipient|address|account)|(user|mailbox|recipient|address|account)( is)? (unknown|not found|disabled)|does(n't| not) exist|unrouteable address/i;
