/** Counted starts without an end after which a message is parked as poison. */
export const mostStarts = 3;

/** From this redelivery on a start is committed before its handler runs, so that a start without an end is seen. */
export const watchedFromRedelivery = 1;

/** How long a handler may go on past its hard limit before it is said to hang: it may be about to return. */
export const graceSeconds = 5;

/** How long one that has to run alone waits behind another such one, before it looks elsewhere. */
export const longestWaitBehindSeconds = 10;

export const poisonText = `It was started ${mostStarts} times in vain: nothing else ran beside it and its worker died, or its handler never returned. Look, then enqueue it again or leave it.`;
