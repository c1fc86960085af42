import type { Locale } from '@mentorhub/contracts';
import { markup } from './markup.js';
import type { MailContent } from './mail-content.js';
import { button, note, paragraph, rawLink, renderPage } from './page.js';

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

const frame: Record<Locale, { copyLink: string; signature: string; footer: string }> = {
  en: {
    copyLink: 'If the button does not work, copy this link into your browser:',
    signature: 'The MentorHub team',
    footer: 'This mail was sent automatically; replies to it are not read.',
  },
  ru: {
    copyLink: 'Если кнопка не работает, скопируйте эту ссылку в браузер:',
    signature: 'Команда MentorHub',
    footer: 'Это письмо отправлено автоматически, ответы на него не читаются.',
  },
};

/** Both forms of such a mail. `link` has to be a finished URL. */
export function renderActionMail(words: ActionWords, link: string, locale: Locale): MailContent {
  return { subject: words.subject, text: asText(words, link, locale), html: asHtml(words, link, locale) };
}

function asText(words: ActionWords, link: string, locale: Locale): string {
  const { signature, footer } = frame[locale];
  const { greeting, reason, action, aboutLink, otherwise } = words;
  return (
    [greeting, reason, `${action}:\n${link}`, aboutLink, otherwise, signature, `-- \n${footer}`].join('\n\n') + '\n'
  );
}

function asHtml(words: ActionWords, link: string, locale: Locale): string {
  const { copyLink, signature, footer } = frame[locale];
  const { subject, greeting, reason, action, aboutLink, otherwise } = words;
  const parts = [
    paragraph(greeting),
    paragraph(reason),
    button(action, link),
    note(aboutLink),
    rawLink(copyLink, link),
  ];
  const body = markup`${parts}${note(otherwise)}${paragraph(signature)}`;
  return renderPage({ language: locale, title: subject, preheader: `${reason} ${aboutLink}`, body, footer });
}
