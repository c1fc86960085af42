import type { Locale } from '@mentorhub/contracts';

type Parts = Partial<Record<Intl.DateTimeFormatPartTypes, string>>;

const numbers = { day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const;
const words = { ...numbers, weekday: 'long', day: 'numeric', month: 'long' } as const;

const forms: Record<Locale, { options: Intl.DateTimeFormatOptions; text: (parts: Parts) => string }> = {
  en: {
    options: words,
    text: ({ weekday, day, month, year, hour, minute }) => `${weekday}, ${day} ${month} ${year}, ${hour}:${minute}`,
  },
  ru: {
    options: numbers,
    text: ({ day, month, year, hour, minute }) => `${day}.${month}.${year} ${hour}:${minute}`,
  },
};

/**
 * An instant as its reader's clock and calendar show it: `04.12.2025 15:00` in Russian, `Thursday, 4 December 2025, 15:00`
 * in English.
 *
 * @param timezone an IANA name
 */
export function localTime(instant: Date, locale: Locale, timezone: string): string {
  const { options, text } = forms[locale];
  return text(partsOf(instant, { ...options, timeZone: timezone }));
}

/** Which clock that was, for a reader on a journey: `Europe/Berlin, GMT+1`. */
export function zoneName(instant: Date, timezone: string): string {
  const { timeZoneName } = partsOf(instant, { timeZone: timezone, timeZoneName: 'shortOffset' });
  return timezone === 'UTC' ? timezone : `${timezone}, ${timeZoneName}`;
}

function partsOf(instant: Date, options: Intl.DateTimeFormatOptions): Parts {
  const format = new Intl.DateTimeFormat('en-GB', { ...options, hourCycle: 'h23' });
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
}
