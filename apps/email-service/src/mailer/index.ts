export { readDkim } from './dkim-signing.js';
export { isHardBounce } from './hard-bounce.js';
export {
  MailAmbiguous,
  MailDeferred,
  MailFailure,
  MailRefused,
  MailUnreachable,
  type SmtpReply,
} from './mail-failures.js';
export type { Mail } from './mail.js';
export { Mailer, type HandedOver, type MailerOptions } from './mailer.js';
export { readSender } from './sender.js';
export { readSmtpUrl } from './smtp-settings.js';
