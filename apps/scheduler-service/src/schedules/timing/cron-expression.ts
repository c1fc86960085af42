import { CronPattern } from 'croner';

/** A field of a cron expression: what it is called, and what may stand in it. */
interface Field {
  readonly name: string;
  readonly takes: string;
  /** A whole expression in which only this field is in question. */
  readonly alone: (text: string) => string;
}

const fields: readonly Field[] = [
  { name: 'second', takes: '0 to 59', alone: (text) => `${text} * * * * *` },
  { name: 'minute', takes: '0 to 59', alone: (text) => `${text} * * * *` },
  { name: 'hour', takes: '0 to 23', alone: (text) => `* ${text} * * *` },
  { name: 'day of month', takes: '1 to 31, or L for the last', alone: (text) => `* * ${text} * *` },
  { name: 'month', takes: '1 to 12 or JAN to DEC', alone: (text) => `* * * ${text} *` },
  { name: 'day of week', takes: '0 to 7 or SUN to SAT, L after one for the last', alone: (text) => `* * * * ${text}` },
];

export const splitCron = (expression: string): string[] => expression.trim().split(/\s+/);

/** What is wrong with an expression, a sentence for each field that cannot be read; empty when all is well. */
export function cronFaults(expression: string): string[] {
  const texts = splitCron(expression);
  if (texts.length !== 5 && texts.length !== 6) return [wrongCount(expression)];
  return texts.flatMap((text, index) => fieldFault(text, index, fields.slice(6 - texts.length)[index]!));
}

function wrongCount(expression: string): string {
  const count = expression.trim() === '' ? 0 : splitCron(expression).length;
  return `has ${count} ${count === 1 ? 'field' : 'fields'}; it takes five (minute, hour, day of month, month, day of week), or six with seconds first`;
}

function fieldFault(text: string, index: number, { name, takes, alone }: Field): string[] {
  const reason = reasonAgainst(alone(text));
  if (reason === undefined) return [];
  return [`field ${index + 1}, the ${name}, is "${text}"${reason && `: ${reason}`}; it takes ${takes}`];
}

/** Undefined: it can be read. Empty: the library says no more than that it is out of range, counting months from 0. */
function reasonAgainst(expression: string): string | undefined {
  try {
    new CronPattern(expression, undefined, { mode: '5-or-6-parts' });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return '';
    return (error as Error).message
      .replace(/^CronPattern: /, '')
      .replace(/^configuration entry .*? (is|contains)/, 'it $1');
  }
}

/**
 * The expression with minutes and seconds as plain lists when its hours are fixed (no `*`, `?` or step), so that the
 * library takes it for fixed times too: to it, a step in the minutes makes a rule that runs all the time.
 */
export function withFixedTimes(expression: string): string {
  const texts = splitCron(expression);
  const hour = texts.at(-4) ?? '*';
  if (/[*?/]/.test(hour)) return expression;
  const { minute, second } = new CronPattern(expression, undefined, { mode: '5-or-6-parts' });
  const times = texts.length === 6 ? [listOf(second), listOf(minute)] : [listOf(minute)];
  return [...times, ...texts.slice(-4)].join(' ');
}

const listOf = (marks: readonly number[]): string =>
  marks.flatMap((marked, value) => (marked ? [value] : [])).join(',');
