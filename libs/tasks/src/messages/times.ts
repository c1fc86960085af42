/** The years that PostgreSQL, which has no year 0, and RFC 3339 can both write. */
const earliest = Date.parse('0001-01-01T00:00:00Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether it is a time in these years. */
export const isWritable = (time: Date): boolean => time.getTime() >= earliest && time.getTime() <= latest;

/** @throws {RangeError} it is no time, or outside of these years. */
export function writable(name: string, time: Date | undefined): Date | undefined {
  if (time === undefined || isWritable(time)) return time;
  throw new RangeError(`${name} must be a time in the years 1 to 9999.`);
}

/** @throws {RangeError} it is no number, or its end is outside of these years. */
export function finite(countdownSeconds: number | undefined): number | undefined {
  if (
    countdownSeconds === undefined ||
    (countdownSeconds <= (latest - Date.now()) / 1000 && countdownSeconds > -Infinity)
  )
    return countdownSeconds;
  throw new RangeError('countdownSeconds must be a number of seconds that ends before the year 9999 does.');
}
