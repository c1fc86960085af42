import type { Locale } from '@mentorhub/contracts';
import { renderActionMail, type ActionWords } from './action-mail.js';
import type { MailContent } from './mail-content.js';
import type { PersonalLink } from './verification.js';

const words: Record<Locale, (username: string) => ActionWords> = {
  en: (username) => ({
    subject: 'Set a new password',
    greeting: `Hello ${username},`,
    reason: 'Somebody, probably you, asked to set a new password for your MentorHub account.',
    action: 'Set a new password',
    aboutLink: 'The link is valid for 1 hour and works once.',
    otherwise: 'If it was not you, ignore this mail: your password stays as it is.',
  }),
  ru: (username) => ({
    subject: 'Смена пароля',
    greeting: `Здравствуйте, ${username}!`,
    reason: 'Кто-то (вероятно, вы) запросил новый пароль для вашей учётной записи MentorHub.',
    action: 'Задать новый пароль',
    aboutLink: 'Ссылка действует 1 час и срабатывает один раз.',
    otherwise: 'Если это были не вы, просто не отвечайте на это письмо: пароль останется прежним.',
  }),
};

/** The mail with which a user sets a new password. Its link holds for 1 hour. */
export function renderPasswordReset({ username, link, locale }: PersonalLink): MailContent {
  return renderActionMail({ words: words[locale](username), link, locale });
}
