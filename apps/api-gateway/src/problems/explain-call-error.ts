import { CallRefusedError, CallTimeoutError, CallUnreachableError, type RefusalCode } from '@mentorhub/task-calls';
import { jsonPointer } from '../input/json-pointer.js';
import { invalid, Problem, tryAgainLater } from './problem.js';

const statuses: Record<Exclude<RefusalCode, 'invalid' | 'unavailable'>, number> = {
  'not-found': 404,
  conflict: 409,
  stale: 412,
  failed: 500,
};

/** What the failure of a call to another service means to the caller; undefined: it is none. */
export function explainCallError(error: unknown): Problem | undefined {
  if (error instanceof CallRefusedError) return explainRefusal(error);
  if (error instanceof CallUnreachableError)
    return tryAgainLater('The service behind this route cannot be reached. Nothing was changed; try again.', 5, error);
  if (error instanceof CallTimeoutError) return new Problem(504, unanswered, { cause: error });
  return undefined;
}

const unanswered =
  'The service behind this route did not answer in time. What was asked may have been done: look, or repeat it with the same Idempotency-Key.';

function explainRefusal(error: CallRefusedError): Problem {
  const { code, message, faults } = error;
  if (code === 'invalid') return invalid(faults.map(({ path, message }) => ({ path: jsonPointer(path), message })));
  if (code === 'unavailable') return tryAgainLater(`${message} Nothing was changed; try again.`, 5, error);
  return new Problem(statuses[code], message, { cause: error });
}
