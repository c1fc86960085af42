/** Stands for a header that is there and is not what was asked for. */
export const misfit: unique symbol = Symbol('a header of another shape');

type Headers = Readonly<Record<string, unknown>>;

/**
 * A header that holds text; undefined when it is not there. Anybody may have written it, with any of AMQP's types, so it is
 * looked at and never converted: a table that has an entry `toString` makes every conversion throw.
 */
export function textHeader(headers: Headers, name: string): string | undefined | typeof misfit {
  const value = own(headers, name);
  return value === undefined || typeof value === 'string' ? value : misfit;
}

/** A header that holds a whole number from `least` to `most`, as a number or in digits; undefined when it is not there. */
export function wholeNumberHeader(
  headers: Headers,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined | typeof misfit {
  const value = own(headers, name);
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && digits.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= least && (number as number) <= most
    ? (number as number)
    : misfit;
}

const digits = /^\d{1,15}$/;

/** For those who take what does not fit as if it were not there. */
export const orUndefined = <T>(value: T | typeof misfit): T | undefined => (value === misfit ? undefined : value);

/** For OpenTelemetry's propagators, some of which throw when a header is no text. */
export const textGetter = {
  keys: (headers: Headers): string[] => Object.keys(headers),
  get: (headers: Headers, name: string): string | undefined => orUndefined(textHeader(headers, name)),
};

const own = (headers: Headers, name: string): unknown => (Object.hasOwn(headers, name) ? headers[name] : undefined);
