import type { Answer } from '../idempotency/answer.js';

/** The same for every address, known or not. */
export const acceptedAnswer: Answer = { status: 202, headers: {}, body: { status: 'accepted' } };
