export { renderAdminNotification, type AdminNotification } from './admin-notification.js';
export { SiteLinks } from './links.js';
export type { MailContent } from './mail-content.js';
export { renderPasswordReset } from './password-reset.js';
export { renderPlain } from './plain.js';
export { renderSessionReminder, type SessionReminder } from './session-reminder.js';
export { renderVerification, type PersonalLink } from './verification.js';

/** Names of the templates, as they stand in metrics. */
export const templateNames = [
  'verification',
  'password-reset',
  'session-reminder',
  'admin-notification',
  'plain',
] as const;
export type TemplateName = (typeof templateNames)[number];
