import type { Locale } from '@mentorhub/contracts';
import { renderActionMail, type ActionWords } from './action-mail.js';
import type { MailContent } from './mail-content.js';
import { sessionCalendar, type CalendarEntry } from './session-calendar.js';
import { localTime, zoneName } from './session-time.js';

/** What the reminder of a session needs. */
export interface SessionReminder {
  username: string;
  /** What the recipient is in the session. */
  role: 'student' | 'mentor';
  partnerName: string;
  startsAt: Date;
  durationMinutes: number;
  /** Raised by each move of the session. */
  version: number;
  locale: Locale;
  /** An IANA name. */
  timezone: string;
  /** A finished URL. */
  link: string;
  /** A finished URL, which ends the reminders to this reader. */
  unsubscribeLink: string;
  calendar: Pick<CalendarEntry, 'uid' | 'organizer'>;
}

interface Words extends ActionWords {
  /** Of the calendar's entry. */
  summary: string;
}

const words: Record<Locale, (reminder: SessionReminder) => Words> = {
  en: (reminder) => {
    const { username, role, partnerName, durationMinutes } = reminder;
    const when = localTime(reminder.startsAt, 'en', reminder.timezone);
    const partner = role === 'student' ? 'Your mentor' : 'Your student';
    return {
      subject: `Reminder: your session on ${when}`,
      greeting: `Hello ${username},`,
      reason: `Your MentorHub session starts soon.\n${partner}: ${partnerName}\nWhen: ${when} (${zoneOf(reminder)})\nHow long: ${durationMinutes} minutes`,
      action: 'Open the session',
      aboutLink: 'The attached file puts the session into your calendar.',
      otherwise: 'If you cannot come, move or cancel the session at this link.',
      summary: `MentorHub session with ${partnerName}`,
    };
  },
  ru: (reminder) => {
    const { username, role, partnerName, durationMinutes } = reminder;
    const when = localTime(reminder.startsAt, 'ru', reminder.timezone);
    const partner = role === 'student' ? 'Ваш ментор' : 'Ваш студент';
    return {
      subject: `Напоминание: ваша сессия ${when}`,
      greeting: `Здравствуйте, ${username}!`,
      reason: `Скоро начнётся ваша сессия на MentorHub.\n${partner}: ${partnerName}\nКогда: ${when} (${zoneOf(reminder)})\nДлительность: ${durationMinutes} мин.`,
      action: 'Открыть сессию',
      aboutLink: 'Приложенный файл добавит сессию в ваш календарь.',
      otherwise: 'Если вы не можете прийти, перенесите или отмените сессию по этой ссылке.',
      summary: `Сессия MentorHub: ${partnerName}`,
    };
  },
};

const zoneOf = ({ startsAt, timezone }: SessionReminder) => zoneName(startsAt, timezone);

/** The mail that reminds one of the two people of a session, with the session as a calendar file. */
export function renderSessionReminder(reminder: SessionReminder): MailContent {
  const { link, unsubscribeLink, locale, startsAt, durationMinutes, version, calendar } = reminder;
  const { summary, ...said } = words[locale](reminder);
  const entry = { ...calendar, sequence: version, summary, description: link, link, startsAt, durationMinutes };
  const mail = renderActionMail({ words: said, link, locale, unsubscribeLink });
  return { ...mail, headers: oneClickUnsubscribe(unsubscribeLink), attachments: [sessionCalendar(entry)] };
}

/** RFC 8058: what a mail client needs to unsubscribe its reader by a button of its own. */
function oneClickUnsubscribe(link: string): Record<string, string> {
  return { 'List-Unsubscribe': `<${link}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
}
