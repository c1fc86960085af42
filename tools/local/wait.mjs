import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `condition` again and again until it answers something truthy, and returns that.
 * A condition that throws counts as "not yet"; the last error becomes the cause of the time-out.
 *
 * @throws {Error} after `timeoutSeconds`, naming `what`; at once when `signal` aborts
 */
export async function waitUntil(condition, { what, timeoutSeconds, everyMilliseconds = 50, signal }) {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let cause;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const value = await condition();
      if (value) return value;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutSeconds} seconds.`, { cause });
    await delay(everyMilliseconds);
  }
}

const answerWithinMilliseconds = 5_000;

/**
 * True when a GET of the URL (credentials in it become basic authentication) answers 2xx within five seconds; rejects when
 * there is no answer. Not by `fetch`: on a busy machine, that of Node 20 sometimes never settles when its time-out comes in
 * the middle of an answer.
 */
export function answersOk(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode >= 200 && response.statusCode < 300));
    });
    const patience = setTimeout(() => request.destroy(), answerWithinMilliseconds);
    request.once('error', reject);
    request.once('close', () => {
      clearTimeout(patience);
      reject(new Error(`${new URL(url).host} did not answer.`)); // Says nothing when it has answered.
    });
  });
}
