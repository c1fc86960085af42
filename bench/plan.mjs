import { cases } from './catalogue.mjs';
import { targets } from './report/targets.mjs';
import { supports } from './systems/catalogue.mjs';

const fullRounds = 3;
const quickRounds = 2;
/** A quick run measures again only what a target is about. */
const judged = new Set(['mentorhub', ...targets.flatMap(({ of }) => of ?? [])]);

function roundsOf(caseName, system, { quick, rounds }) {
  if (rounds) return rounds;
  if (!quick) return fullRounds;
  return cases[caseName].slow || !judged.has(system) ? 1 : quickRounds;
}

/**
 * All cells of a run in their order: round after round, case after case, the systems of a case one after the other, another one
 * first in each round. So a drift of the machine hits all systems alike.
 */
export function planOf(options) {
  const most = options.rounds ?? Math.max(fullRounds, quickRounds);
  const chosen = withNeeded(options.cases);
  return Array.from({ length: most }, (_, round) =>
    chosen.flatMap((caseName) => cellsOf(caseName, options, round)),
  ).flat();
}

/** A latency is measured at a share of the capacity, which has to be known first. */
function withNeeded(names) {
  const all = new Set(names.flatMap((name) => [...(cases[name].needs ?? []), name]));
  return Object.keys(cases).filter((name) => all.has(name));
}

function cellsOf(caseName, options, round) {
  const able = options.systems.filter((system) => supports(system, caseName));
  const turned = able.map((_, n) => able[(n + round) % able.length]);
  return turned
    .filter((system) => round < roundsOf(caseName, system, options))
    .map((system) => ({ round, caseName, system }));
}
