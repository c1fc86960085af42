import { processesOf } from '../leftovers.mjs';
import { waitUntil } from '../wait.mjs';

/** Waits until no process of this owner lives; a zombie that its parent has yet to collect no longer counts. */
export function noProcessOf(owner) {
  return waitUntil(() => processesOf(owner).length === 0, {
    what: `The end of all processes of ${owner}`,
    timeoutSeconds: 120,
  });
}
