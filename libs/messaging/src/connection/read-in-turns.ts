import type { Readable } from 'node:stream';

/** Longest that a connection may be read and its messages handled before the rest of the process has a turn. */
const turnMs = 10;

/**
 * Lets timers, other sockets and what is to be written have their turns while a connection brings more than can be
 * handled: libuv reads a busy socket up to 32 times in a row, which was seen to hold up the event loop for 0.4 s. What is
 * not read meanwhile stays in the socket, so that the sender feels it.
 *
 * @param stream read by `read()` on 'readable'
 */
export function readInTurns(stream: Readable): void {
  const read = stream.read.bind(stream);
  let turnEndsAt: number | undefined;
  let heldBack = false;
  const nextTurn = () => {
    turnEndsAt = undefined;
    if (!heldBack) return;
    heldBack = false;
    stream.emit('readable');
  };
  stream.read = (size?: number): unknown => {
    const now = performance.now();
    if (turnEndsAt === undefined) {
      turnEndsAt = now + turnMs;
      setImmediate(nextTurn);
    }
    if (now < turnEndsAt) return read(size);
    heldBack = true;
    return null;
  };
}
