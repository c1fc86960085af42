import { now } from './clock.mjs';

const note = 'A mentor has accepted your request; the session begins on Tuesday at ten. Please be there on time.';

/** What every system carries: about 150 bytes of JSON. */
export const payload = (n, dueAt = 0) => ({ n, sentAt: now(), dueAt, note });

export const payloads = (count, dueAt = () => 0) => Array.from({ length: count }, (_, n) => payload(n, dueAt(n)));
