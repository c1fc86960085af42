/** Milliseconds since the epoch with a fraction: comparable between the processes of one machine. */
export const now = () => performance.timeOrigin + performance.now();
