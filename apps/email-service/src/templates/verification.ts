import type { Locale } from '@mentorhub/contracts';
import { renderActionMail, type ActionWords } from './action-mail.js';
import type { MailContent } from './mail-content.js';

/** What the mails with a personal link need. */
export interface PersonalLink {
  /** Shown as text, whatever is in it. */
  username: string;
  /** A finished URL; see `links.ts`. */
  link: string;
  locale: Locale;
}

const words: Record<Locale, (username: string) => ActionWords> = {
  en: (username) => ({
    subject: 'Confirm your e-mail address',
    greeting: `Hello ${username},`,
    reason: 'Confirm your e-mail address to finish signing up at MentorHub.',
    action: 'Confirm e-mail address',
    aboutLink: 'The link is valid for 24 hours and works once.',
    otherwise: 'If you did not sign up at MentorHub, ignore this mail: nothing will happen.',
  }),
  ru: (username) => ({
    subject: 'Подтвердите адрес электронной почты',
    greeting: `Здравствуйте, ${username}!`,
    reason: 'Подтвердите адрес электронной почты, чтобы завершить регистрацию на MentorHub.',
    action: 'Подтвердить адрес',
    aboutLink: 'Ссылка действует 24 часа и срабатывает один раз.',
    otherwise: 'Если вы не регистрировались на MentorHub, просто не отвечайте на это письмо: ничего не произойдёт.',
  }),
};

/** The mail with which a new user confirms the address. Its link holds for 24 hours. */
export function renderVerification({ username, link, locale }: PersonalLink): MailContent {
  return renderActionMail({ words: words[locale](username), link, locale });
}
