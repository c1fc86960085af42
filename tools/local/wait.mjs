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

/** True when a GET of the URL (credentials in it become basic authentication) answers 2xx within two seconds. */
export async function answersOk(url) {
  const { username, password } = new URL(url);
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const headers = username
    ? {
        authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
      }
    : {};
  const response = await fetch(bare, { headers, signal: AbortSignal.timeout(2000) });
  await response.arrayBuffer();
  return response.ok;
}
