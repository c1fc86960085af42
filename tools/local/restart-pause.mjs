const LONGEST_SECONDS = 30;
const STABLE_AFTER_SECONDS = 60;

/** How long to wait before a program that ended is started again: 1, 2, 4 … 30 seconds, from 1 again after a good minute. */
export class RestartPause {
  #seconds = 1;
  #startedAt = Date.now();

  started() {
    this.#startedAt = Date.now();
  }

  next() {
    if (Date.now() - this.#startedAt > STABLE_AFTER_SECONDS * 1000) this.#seconds = 1;
    const seconds = this.#seconds;
    this.#seconds = Math.min(seconds * 2, LONGEST_SECONDS);
    return seconds;
  }
}
