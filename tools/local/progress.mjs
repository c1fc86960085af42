const colours = process.stdout.isTTY && !process.env.NO_COLOR;

const paint = (code) => (text) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const cyan = paint(36);

const started = Date.now();

/** A line for the person at the terminal. */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Seconds since this program started, for people. */
export const elapsed = (since = started) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

const STILL_EVERY_SECONDS = 5;

/**
 * Runs one step of the way and says when it begins, every few seconds that it still goes on, how long it took, and when it
 * fails. `progress`, if given, says how far it is. Once `signal` aborts nothing is said any more: all steps end then, and why
 * has been said.
 */
export async function step(title, run, { progress, signal } = {}) {
  const since = Date.now();
  const tell = (text) => signal?.aborted || say(text);
  tell(`${dim('…')} ${title}`);
  const still = setInterval(() => {
    const parts = [progress?.(), elapsed(since)].filter(Boolean).join(', ');
    tell(`${dim('…')} ${title} ${dim(`(${parts} so far)`)}`);
  }, STILL_EVERY_SECONDS * 1000);
  try {
    const result = await run();
    tell(`${green('✓')} ${title} ${dim(elapsed(since))}`);
    return result;
  } catch (error) {
    if (error?.name !== 'AbortError') tell(`${red('✗')} ${title} ${dim(elapsed(since))}`);
    throw error;
  } finally {
    clearInterval(still);
  }
}
