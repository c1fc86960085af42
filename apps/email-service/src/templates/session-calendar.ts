import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator';
import type { MailContent } from './mail-content.js';

export interface CalendarEntry {
  /** The same in every mail about this session, so that a calendar replaces what it has. */
  uid: string;
  /** The highest is taken. */
  sequence: number;
  summary: string;
  description: string;
  link: string;
  startsAt: Date;
  durationMinutes: number;
  organizer: { name: string; address: string };
}

type Attachment = NonNullable<MailContent['attachments']>[number];

/**
 * The session as a calendar file, to be put into a calendar by hand: nobody is invited, no answer is expected. Times are in
 * UTC, which every calendar shows in its owner's zone. The library escapes and folds the texts.
 */
export function sessionCalendar({ uid, sequence, organizer, link, ...entry }: CalendarEntry): Attachment {
  const calendar = ical({ method: ICalCalendarMethod.PUBLISH, prodId: { company: 'MentorHub', product: 'Sessions' } });
  calendar.createEvent({
    id: uid,
    sequence,
    start: entry.startsAt,
    end: new Date(entry.startsAt.getTime() + entry.durationMinutes * 60_000),
    summary: entry.summary,
    description: entry.description,
    url: link,
    organizer: { name: organizer.name || organizer.address, email: organizer.address },
    status: ICalEventStatus.CONFIRMED,
  });
  return {
    filename: 'session.ics',
    contentType: 'text/calendar; charset=utf-8; method=PUBLISH',
    content: calendar.toString(),
  };
}
