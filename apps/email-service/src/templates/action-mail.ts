import type { Locale } from '@mentorhub/contracts';
import { markup } from './markup.js';
import type { MailContent } from './mail-content.js';
import { button, note, paragraph, quietLink, rawLink, renderPage } from './page.js';

/** The words of a mail that asks its reader to follow one link. */
export interface ActionWords {
  subject: string;
  greeting: string;
  /** Why this mail came. */
  reason: string;
  /** On the button. */
  action: string;
  /** What else there is to know, for instance how long the link holds. */
  aboutLink: string;
  /** What to do when the reader does not want this. */
  otherwise: string;
}

export interface ActionMail {
  words: ActionWords;
  /** A finished URL. */
  link: string;
  locale: Locale;
  /** A finished URL, for mails that the reader can do without. */
  unsubscribeLink?: string;
}

const frame: Record<Locale, { copyLink: string; signature: string; footer: string; unsubscribe: string }> = {
  en: {
    copyLink: 'If the button does not work, copy this link into your browser:',
    signature: 'The MentorHub team',
    footer: 'This mail was sent automatically; replies to it are not read.',
    unsubscribe: 'No more mails of this kind',
  },
  ru: {
    copyLink: 'Если кнопка не работает, скопируйте эту ссылку в браузер:',
    signature: 'Команда MentorHub',
    footer: 'Это письмо отправлено автоматически, ответы на него не читаются.',
    unsubscribe: 'Больше не присылать такие письма',
  },
};

/** Both forms of such a mail. */
export function renderActionMail(mail: ActionMail): MailContent {
  return { subject: mail.words.subject, text: asText(mail), html: asHtml(mail) };
}

function asText({ words, link, locale, unsubscribeLink }: ActionMail): string {
  const { signature, footer, unsubscribe } = frame[locale];
  const { greeting, reason, action, aboutLink, otherwise } = words;
  const end = unsubscribeLink ? `${footer}\n${unsubscribe}:\n${unsubscribeLink}` : footer;
  return [greeting, reason, `${action}:\n${link}`, aboutLink, otherwise, signature, `-- \n${end}`].join('\n\n') + '\n';
}

function asHtml({ words, link, locale, unsubscribeLink }: ActionMail): string {
  const { copyLink, signature, footer, unsubscribe } = frame[locale];
  const { subject, greeting, reason, action, aboutLink, otherwise } = words;
  const parts = [
    paragraph(greeting),
    paragraph(reason),
    button(action, link),
    note(aboutLink),
    rawLink(copyLink, link),
  ];
  const body = markup`${parts}${note(otherwise)}${paragraph(signature)}`;
  const end = unsubscribeLink ? markup`${footer}<br>${quietLink(unsubscribe, unsubscribeLink)}` : markup`${footer}`;
  return renderPage({ language: locale, title: subject, preheader: `${reason} ${aboutLink}`, body, footer: end });
}
