/** Starts without an end after which a message is parked as poison: its worker died in each of them. */
export const mostStarts = 3;

/** From this redelivery on a start is committed before its handler runs, so that a start without an end is seen. */
export const countedFromRedelivery = 1;

/** From this redelivery on a message with a start that has not ended runs alone in its process, so that no other is blamed. */
export const aloneFromRedelivery = 2;

export const poisonText = `It was started ${mostStarts} times and its worker died each time. Look, then replay or discard.`;
