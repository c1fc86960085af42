import { SeededRandom } from '../seeded-random.mjs';
import { mixedTask, poison } from './task-mix.mjs';

/** What one request may hold; above 100 rows the runtime leaves the publishing to its relay. */
const sizes = [1, 5, 10, 25, 120];

/**
 * The tasks of a run in the requests that they are offered in: a pure function of seed and number.
 *
 * @returns {{id: string, mode: string, rollBackFirst: boolean, tasks: object[]}[]} `mode`: `transaction` enqueues each task
 *   under an id of its own beside other rows, `many` all in one statement, `direct` light tasks outside of any transaction
 */
export function planBatches({ seed, tasks }) {
  const random = new SeededRandom(seed, 'batches');
  const fitting = sizes.filter((size) => size <= Math.max(5, tasks / 40));
  const batches = [];
  for (let planned = 0; planned < tasks; planned += batches.at(-1).tasks.length)
    batches.push(batchOf(random, Math.min(random.pick(fitting), tasks - planned), planned));
  placePoison(random, batches, tasks);
  return batches;
}

function batchOf(random, size, first) {
  const mode = random.weighted({ transaction: 5, many: 4, direct: 1 });
  const tasks = Array.from({ length: size }, (_, index) => ({
    n: first + index,
    ...(mode === 'transaction' && { id: random.uuid() }),
    ...mixedTask(random, mode),
  }));
  return { id: random.uuid(), mode, rollBackFirst: mode === 'transaction' && random.chance(0.05), tasks };
}

/** Few, since each takes four workers with it; in the first half, so that it is decided before the faults are over. */
function placePoison(random, batches, tasks) {
  const candidates = batches.slice(0, Math.ceil(batches.length / 2)).filter(({ mode }) => mode !== 'direct');
  for (const batch of random.shuffled(candidates).slice(0, Math.max(1, Math.round(tasks / 5000)))) {
    const [first] = batch.tasks;
    batch.tasks[0] = { n: first.n, ...(first.id && { id: first.id }), ...poison };
  }
}
