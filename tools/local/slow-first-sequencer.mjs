import TestSequencer from '@jest/test-sequencer';

/** Files that take half a minute and more; most of that is waiting for servers that stop and start. */
const slow =
  /\/(chaos|bench|recovery)\/|\/(launcher|rabbitmq|jest-global-setup|poison|flow|watch-suspects|isolated-tasks|run-service|task-history|revoke)\.int\.spec|\.e2e\.spec/;

/** Begins with the slow files, so that none of them runs alone at the end while the other workers have nothing left to do. */
export default class SlowFirstSequencer extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(({ path }) => slow.test(path)), ...sorted.filter(({ path }) => !slow.test(path))];
  }
}
