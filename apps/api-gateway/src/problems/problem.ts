import { STATUS_CODES } from 'node:http';

/** One fault of a request: where (a JSON pointer into the body, or the name of a header or query parameter) and why. */
export interface Fault {
  readonly path: string;
  readonly message: string;
  /** What may have been meant instead. */
  readonly suggestions?: readonly string[];
}

/** An RFC 9457 problem document, as it is sent. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly Fault[];
}

/** A hostile request can hold a million faults; a caller mends the first hundred at most. */
const mostFaults = 100;

/** A request that is refused: thrown anywhere, answered as a problem document. `detail` is a sentence for the caller. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly detail: string,
    readonly parts: {
      readonly errors?: readonly Fault[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: parts.cause });
  }

  get headers(): Readonly<Record<string, string>> {
    return this.parts.headers ?? {};
  }

  document(): ProblemDocument {
    const { status, detail, parts } = this;
    const document = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
    return parts.errors ? { ...document, errors: parts.errors.slice(0, mostFaults) } : document;
  }
}

/** 422: the request was read, and these parts of it do not fit. */
export function invalid(errors: readonly Fault[]): Problem {
  const [first] = errors;
  const where = first?.path ? `${first.path}: ` : '';
  const others = errors.length - 1;
  const more = others > 0 ? ` There ${others === 1 ? 'is 1 more fault' : `are ${others} more faults`}.` : '';
  return new Problem(422, `The request does not fit: ${where}${first?.message ?? 'unknown fault'}.${more}`, { errors });
}

/** 503: nothing was done, and the same request may be sent again after `seconds`. */
export function tryAgainLater(detail: string, seconds: number, cause?: unknown): Problem {
  return new Problem(503, detail, { headers: { 'retry-after': String(seconds) }, cause });
}

export const notFound = (detail: string): Problem => new Problem(404, detail);
export const gone = (detail: string): Problem => new Problem(410, detail);
