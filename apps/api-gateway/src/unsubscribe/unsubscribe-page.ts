import type { Locale } from '@mentorhub/contracts';

/** The form may be sent back here alone; nothing is loaded, and no other site may show the page. */
export const unsubscribePagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export type PageName = 'question' | 'confirmation' | 'refusal';

interface Words {
  readonly title: string;
  readonly text: string;
  readonly button?: string;
}

const words: Record<Locale, Record<PageName, Words>> = {
  en: {
    question: {
      title: 'Unsubscribe from session reminders?',
      text: 'You will get no more reminders of your sessions. Other mails, such as those about your password, still come.',
      button: 'Unsubscribe',
    },
    confirmation: {
      title: 'You are unsubscribed',
      text: 'No more session reminders will be sent to you. One that is on its way may still arrive.',
    },
    refusal: {
      title: 'This link does not work',
      text: 'It is not complete, or it is too old. Copy the whole link from the mail, or use that of a newer mail.',
    },
  },
  ru: {
    question: {
      title: 'Отписаться от напоминаний о сессиях?',
      text: 'Напоминания о сессиях больше не будут приходить. Другие письма, например о смене пароля, продолжат приходить.',
      button: 'Отписаться',
    },
    confirmation: {
      title: 'Вы отписались',
      text: 'Напоминания о сессиях больше не будут приходить. Письмо, которое уже в пути, ещё может прийти.',
    },
    refusal: {
      title: 'Ссылка не работает',
      text: 'Она неполная или слишком старая. Скопируйте ссылку из письма целиком или возьмите её из более нового письма.',
    },
  },
};

/** The page in one of its states. It repeats nothing of the request: its form goes back to the address that it came from. */
export function unsubscribePage(name: PageName, locale: Locale): string {
  const { title, text, button } = words[locale][name];
  const form = button ? `\n    <form method="post"><button>${button}</button></form>` : '';
  return `<!doctype html>
<html lang="${locale}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="robots" content="noindex">
    <title>${title}</title>
    <style>
      body { margin: 15vh auto; max-width: 30rem; padding: 0 1rem; font: 1rem/1.5 sans-serif; color: #1f2937; }
      button { padding: .75rem 1.5rem; border: 0; border-radius: 6px; background: #1d4ed8; color: #fff; font: inherit; }
    </style>
  </head>
  <body>
    <h1>${title}</h1>
    <p>${text}</p>${form}
  </body>
</html>
`;
}
