import ICAL from 'ical.js';
import { renderSessionReminder, SiteLinks, type SessionReminder } from './index.js';
import { localTime, zoneName } from './session-time.js';

const id = '0d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11';
const reminder: SessionReminder = {
  username: 'Alice',
  role: 'student',
  partnerName: 'Bob Smith',
  startsAt: new Date('2025-12-04T12:00:00Z'),
  durationMinutes: 90,
  version: 3,
  locale: 'en',
  timezone: 'Europe/Berlin',
  link: new SiteLinks('https://mentorhub.example').session(id),
  unsubscribeLink: 'https://api.mentorhub.example/v1/unsubscribe?token=a.b&lang=en',
  calendar: { uid: `${id}@mentorhub.example`, organizer: { name: 'MentorHub', address: 'no-reply@mentorhub.example' } },
};
const russian: SessionReminder = {
  ...reminder,
  role: 'mentor',
  username: 'Борис',
  locale: 'ru',
  timezone: 'Europe/Moscow',
};

function calendarOf(of: SessionReminder) {
  const file = renderSessionReminder(of).attachments![0]!;
  const calendar = new ICAL.Component(ICAL.parse(String(file.content)));
  return { file, calendar, event: new ICAL.Event(calendar.getFirstSubcomponent('vevent')!) };
}

describe('the reminder of a session', () => {
  it('tells a student in English with whom, when by their clock, how long and where', () => {
    const mail = renderSessionReminder(reminder);
    expect(mail.subject).toBe('Reminder: your session on Thursday, 4 December 2025, 13:00');
    for (const form of [mail.text, mail.html]) {
      expect(form).toContain('Hello Alice,');
      expect(form).toContain('Your mentor: Bob Smith');
      expect(form).toContain('Thursday, 4 December 2025, 13:00 (Europe/Berlin, GMT+1)');
      expect(form).toContain('90 minutes');
      expect(form).toContain(`https://mentorhub.example/sessions/${id}`);
    }
    expect(mail.html).toMatch(/<html lang="en">/);
  });

  it('tells a mentor in Russian, with the date as 04.12.2025 15:00', () => {
    const mail = renderSessionReminder(russian);
    expect(mail.subject).toBe('Напоминание: ваша сессия 04.12.2025 15:00');
    for (const form of [mail.text, mail.html]) {
      expect(form).toContain('Здравствуйте, Борис!');
      expect(form).toContain('Ваш студент: Bob Smith');
      expect(form).toContain('04.12.2025 15:00 (Europe/Moscow, GMT+3)');
    }
    expect(mail.html).toMatch(/<html lang="ru">/);
  });

  it('shows HTML in names as text', () => {
    const partnerName = `<img src=x onerror="alert('1')">`;
    const mail = renderSessionReminder({ ...reminder, partnerName, username: '<script>' });
    expect(mail.html).not.toMatch(/<img|<script/);
    expect(mail.text).toContain(`Your mentor: ${partnerName}`);
  });

  it('ends with a link that unsubscribes, which is also in the headers of one-click clients', () => {
    const mail = renderSessionReminder(reminder);
    expect(mail.text).toContain(`No more mails of this kind:\n${reminder.unsubscribeLink}\n`);
    expect(mail.html).toContain(`href="${reminder.unsubscribeLink.replace('&', '&amp;')}"`);
    expect(renderSessionReminder(russian).text).toContain('Больше не присылать такие письма:\n');
    expect(mail.headers).toEqual({
      'List-Unsubscribe': `<${reminder.unsubscribeLink}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    });
  });

  it('brings a calendar file with the same UID for every version, and the version as its sequence', () => {
    const { file, calendar, event } = calendarOf(reminder);
    expect(file).toMatchObject({
      filename: 'session.ics',
      contentType: 'text/calendar; charset=utf-8; method=PUBLISH',
    });
    expect(calendar.getFirstPropertyValue('method')).toBe('PUBLISH');
    expect(event).toMatchObject({
      uid: `${id}@mentorhub.example`,
      sequence: 3,
      summary: 'MentorHub session with Bob Smith',
    });
    expect(event.startDate.toString()).toBe('2025-12-04T12:00:00Z');
    expect(event.endDate.toString()).toBe('2025-12-04T13:30:00Z');
    expect(event.organizer).toBe('mailto:no-reply@mentorhub.example');
    expect(event.component.getFirstPropertyValue('url')).toBe(reminder.link);
  });

  it.each([
    ['separators', 'Smith; Bob, "Bobby" \\n: x'],
    ['a property of its own', 'Bob\r\nATTENDEE:mailto:all@example.org\r\nEND:VEVENT'],
    ['a name of 200 letters', 'я'.repeat(200)],
    ['another script', '李雷 🎓'],
  ])('keeps a name with %s inside its property of the calendar file', (_, partnerName) => {
    const { file, calendar, event } = calendarOf({ ...reminder, partnerName });
    expect(event.summary.replaceAll(/\s/g, '')).toBe(`MentorHub session with ${partnerName}`.replaceAll(/\s/g, ''));
    expect(event.attendees).toEqual([]);
    expect(calendar.getAllSubcomponents()).toHaveLength(1);
    for (const line of String(file.content).split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
  });
});

describe('the time of a session', () => {
  it.each([
    ['2025-07-01T22:30:00Z', 'Europe/Berlin', '02.07.2025 00:30', 'Europe/Berlin, GMT+2'],
    ['2025-12-31T23:00:00Z', 'Asia/Kolkata', '01.01.2026 04:30', 'Asia/Kolkata, GMT+5:30'],
    ['2026-03-08T09:59:00Z', 'America/Los_Angeles', '08.03.2026 01:59', 'America/Los_Angeles, GMT-8'],
    ['2026-03-08T10:00:00Z', 'America/Los_Angeles', '08.03.2026 03:00', 'America/Los_Angeles, GMT-7'],
    ['2025-12-04T00:00:00Z', 'UTC', '04.12.2025 00:00', 'UTC'],
  ])('%s is in %s %s (%s)', (instant, timezone, shown, zone) => {
    expect(localTime(new Date(instant), 'ru', timezone)).toBe(shown);
    expect(zoneName(new Date(instant), timezone)).toBe(zone);
  });
});
