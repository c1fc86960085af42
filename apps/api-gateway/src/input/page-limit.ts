import { z } from 'zod';
import { numbersInText } from './numbers-in-text.js';

const most = 200;

/** How many a page lists, 1 to 200, in a query; default 50. @param what is listed, in the plural. */
export const pageLimit = (what: string) => wholeNumber(most, 50).describe(`How many ${what}, 1 to ${most}.`);

/** A whole number from 1 to `highest` in a query, `standard` when it is left out. */
export function wholeNumber(highest: number, standard: number) {
  const message = `must be a whole number from 1 to ${highest}`;
  return z
    .string()
    .regex(/^\d{1,4}$/, message)
    .register(numbersInText, { type: 'integer', minimum: 1, maximum: highest, default: standard })
    .transform(Number)
    .refine((value) => value >= 1 && value <= highest, message)
    .default(standard);
}
