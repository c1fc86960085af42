/** `npm run test:full`: the long form of the cases that have one. */
export const isFullRun = process.env['MENTORHUB_TEST_FULL'] === '1';

/**
 * A size of a case that has a short form, for `npm test`, and a long one, for `npm run test:full`. docs/testing.md lists
 * them.
 * @example const restarts = sized({ short: 3, full: 20 });
 */
export const sized = <T>({ short, full }: { readonly short: T; readonly full: T }): T => (isFullRun ? full : short);
