import { faultKinds } from './catalogue.mjs';
import { planFaults } from './plan.mjs';

const options = { seed: 7, tasks: 5_000, faults: 42, workers: 3, gateways: 2 };
const kinds = Object.keys(faultKinds);

describe('The schedule of faults', () => {
  it('is the same for the same seed and options, and another for another seed', () => {
    expect(planFaults(options)).toEqual(planFaults(options));
    expect(planFaults({ ...options, seed: 8 })).not.toEqual(planFaults(options));
  });

  it('does not change unnoticed: a seed that once found a fault is to find it again', () => {
    expect(planFaults({ ...options, faults: 3 })).toEqual([
      { afterTasks: 1246, fault: 'crash-database', seconds: 0.5 },
      { afterTasks: 2317, fault: 'drop-mails' },
      { afterTasks: 3449, fault: 'stall-broker', target: 'projector', seconds: 2.5 },
    ]);
  });

  it('has as many faults as were asked for, and each kind at least once', () => {
    const plan = planFaults(options);
    expect(plan).toHaveLength(42);
    expect(new Set(plan.map(({ fault }) => fault))).toEqual(new Set(kinds));
    expect(new Set(planFaults({ ...options, faults: kinds.length }).map(({ fault }) => fault)).size).toBe(kinds.length);
    expect(planFaults({ ...options, faults: 0 })).toEqual([]);
  });

  it('spreads them over the tasks, in order, and leaves tasks for after the last', () => {
    const places = planFaults(options).map(({ afterTasks }) => afterTasks);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(places.at(-1)).toBeLessThan(options.tasks);
  });

  it('aims each at what it can hit, for as long as its kind lasts', () => {
    const targets = { worker: /^worker-[012]$/, gateway: /^gateway-[01]$/, projector: /^projector$/, any: /./ };
    for (const { fault, target, seconds } of planFaults(options)) {
      const kind = faultKinds[fault];
      if (kind.target) expect(target).toMatch(targets[kind.target]);
      else expect(target).toBeUndefined();
      if (kind.seconds) expect(seconds).toBeGreaterThanOrEqual(kind.seconds[0]);
      else expect(seconds).toBeUndefined();
    }
  });
});
