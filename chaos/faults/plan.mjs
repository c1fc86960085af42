import { SeededRandom } from '../seeded-random.mjs';
import { faultKinds } from './catalogue.mjs';

/**
 * When which fault happens to whom: a pure function of the options. Each kind comes at least once if there are faults enough.
 *
 * @returns {{afterTasks: number, fault: string, target?: string, seconds?: number}[]} in order; `afterTasks` = once so many
 *   tasks were accepted and the fault before is over
 */
export function planFaults({ seed, tasks, faults, workers, gateways }) {
  const random = new SeededRandom(seed, 'faults');
  return kindsOf(random, faults).map((fault, index) => ({
    afterTasks: Math.floor((tasks * (index + random.between(0.5, 1))) / (faults + 1)),
    fault,
    ...detailsOf(random, faultKinds[fault], { workers, gateways }),
  }));
}

function kindsOf(random, count) {
  const once = random.shuffled(Object.keys(faultKinds)).slice(0, count);
  const weights = Object.fromEntries(Object.entries(faultKinds).map(([kind, { weight }]) => [kind, weight]));
  const others = Array.from({ length: count - once.length }, () => random.weighted(weights));
  return random.shuffled([...once, ...others]);
}

function detailsOf(random, { target, seconds }, { workers, gateways }) {
  const named = (name, count) => Array.from({ length: count }, (_, n) => `${name}-${n}`);
  const candidates = {
    worker: named('worker', workers),
    gateway: named('gateway', gateways),
    projector: ['projector'],
  };
  const all = { ...candidates, any: Object.values(candidates).flat() };
  return {
    ...(target && { target: random.pick(all[target]) }),
    ...(seconds && { seconds: Math.round(random.between(...seconds) * 10) / 10 }),
  };
}
