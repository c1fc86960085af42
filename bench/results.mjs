import { cpus, release, totalmem } from 'node:os';
import { cases } from './catalogue.mjs';
import { median, medianOfEach, rounded } from './measuring/statistics.mjs';

/** Gathers what the cells answered and makes rows of it. */
export class Results {
  constructor({ quick }) {
    this.quick = quick;
    this.cells = new Map();
    this.missing = [];
    this.startedAt = new Date().toISOString();
  }

  add(caseName, system, settings, result) {
    const key = `${caseName} ${system}`;
    if (!this.cells.has(key)) this.cells.set(key, { caseName, system, settings, values: [], details: [] });
    const cell = this.cells.get(key);
    if (result.failed) return void this.missing.push({ case: caseName, system, reason: result.failed });
    cell.values.push(result.value);
    cell.details.push(result.details);
  }

  /** Remembers why a system is not there at all. */
  leaveOut(system, reason) {
    this.missing.push({ system, reason });
  }

  median(caseName, system) {
    return median(this.cells.get(`${caseName} ${system}`)?.values ?? []);
  }

  toJson(versions) {
    const measured = [...this.cells.values()].filter(({ values }) => values.length > 0);
    return {
      at: this.startedAt,
      quick: this.quick,
      machine: describeMachine(),
      versions,
      missing: this.missing,
      rows: measured.map(rowOf),
    };
  }
}

const rowOf = ({ caseName, system, settings, values, details }) => ({
  case: caseName,
  system,
  value: rounded(median(values)),
  unit: cases[caseName].unit,
  rounds: values.map(rounded),
  settings: { ...settings, ...(settings.capacity && { capacity: rounded(settings.capacity) }) },
  details: medianOfEach(details),
});

function describeMachine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim(),
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
  };
}
