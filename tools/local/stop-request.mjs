import { say, yellow } from './progress.mjs';

/**
 * A signal that aborts when somebody wants us to stop: Ctrl-C, SIGTERM, SIGHUP, or the end of the `npm` that runs us (npm
 * passes on neither SIGHUP nor its own sudden death). A second Ctrl-C, not merely npm's echo of the first, calls `force`.
 */
export function stopRequest(force) {
  const request = new AbortController();
  let first;
  const ask = (why) => {
    if (first === undefined) {
      first = Date.now();
      say(yellow(`\nStopping (${why}) …`));
      return request.abort(new DOMException('Stopped.', 'AbortError'));
    }
    if (why === 'SIGINT' && Date.now() - first > 1500) force();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => ask(name));
  watchParent(() => ask('npm is gone'));
  // A closed terminal or pipe must not end us before we have stopped what we started.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return request.signal;
}

function watchParent(gone) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, 500);
  timer.unref();
}
