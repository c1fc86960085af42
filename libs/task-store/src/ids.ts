import { v5 as uuidv5 } from 'uuid';

/** The namespace of every id that is derived instead of drawn; changing it would make old messages look new. */
const namespace = '5a0d6c1e-3b1f-4f0e-9a57-0c6c2a8f4d11';

/**
 * An id that follows from what it names, so that telling the same thing twice gives the same id.
 *
 * @example derivedId(taskId, run, attempt, 'succeeded')
 */
export const derivedId = (...parts: readonly (string | number)[]): string => uuidv5(parts.join('/'), namespace);
