import { join, resolve } from 'node:path';
import { elapsed } from '../tools/local/progress.mjs';
import { prepareBefore } from './before.mjs';
import { cases } from './catalogue.mjs';
import { planOf } from './plan.mjs';
import { prepareWorkspace } from './prepare-workspace.mjs';
import { Results } from './results.mjs';
import { runCell } from './run-cell.mjs';
import { startPrivateServers } from './servers/private-servers.mjs';
import { versionsOf } from './servers/versions.mjs';
import { systems } from './systems/catalogue.mjs';
import { writeResults } from './write-results.mjs';

/** A quick run begins no measurement for the second time after this, to stay under ten minutes. */
const quickSeconds = 220;

const say = (sentence) => console.error(sentence);

/**
 * One run.
 *
 * 1. Installs and builds what is missing, and starts servers of its own.
 * 2. Measures the plan's cells one after the other, each in a process of its own.
 * 3. Writes medians and ratios. A cell that fails is left out with the reason; the others go on.
 */
export class Benchmark {
  constructor(options, signal) {
    Object.assign(this, { options, signal, results: new Results(options) });
  }

  async run() {
    const { options, signal } = this;
    await prepareWorkspace({ say, signal });
    const wanted = new Set(options.systems.flatMap((system) => systems[system].needs));
    const before = wanted.has('before') ? await this.prepareBefore() : undefined;
    say('Starting RabbitMQ, PostgreSQL and what the systems need.');
    this.servers = await startPrivateServers({ wanted, say, signal });
    this.missing = { ...this.servers.missing, before };
    try {
      this.versions = await versionsOf(this.servers.urls);
      await this.measureAll(this.cellsToRun());
    } finally {
      await this.servers.discard();
    }
    say(`The run took ${elapsed()}.`);
    await writeResults(options, this.results.toJson(this.versions), say);
  }

  /** Minutes, the first time. */
  prepareBefore() {
    if (this.options.quick) return 'A quick run has no time for it.';
    return prepareBefore({ say, signal: this.signal });
  }

  async measureAll(cells) {
    const since = Date.now();
    for (const cell of cells) {
      if (this.options.quick && cell.round > 0 && Date.now() - since > quickSeconds * 1000)
        return say('The time of a quick run is over; what is left of its second round is not measured.');
      await this.measure(cell);
    }
  }

  cellsToRun() {
    const { missing } = this;
    const reasonOf = (system) => systems[system].needs.map((need) => missing[need]).find(Boolean);
    for (const system of this.options.systems.filter(reasonOf)) {
      this.results.leaveOut(system, reasonOf(system));
      say(`${system} is left out. ${reasonOf(system)}`);
    }
    const cells = planOf(this.options).filter(({ system }) => !reasonOf(system));
    say(`${cells.length} cells to measure.`);
    this.left = cells.length;
    return cells;
  }

  async measure({ round, caseName, system }) {
    const settings = this.settingsOf(caseName, system);
    this.left -= 1;
    if (!settings) return say(`${caseName} of ${system} is left out: its capacity is not known.`);
    const { urls, directory } = this.servers;
    const servers = { ...urls, directory, concurrency: this.options.concurrency };
    const logs = { directory: join(directory, 'cells'), owner: directory };
    const since = Date.now();
    const result = await runCell({
      system,
      caseName,
      settings,
      servers,
      ...logs,
      profileTo: this.profiles,
      signal: this.signal,
    });
    this.results.add(caseName, system, settings, result);
    say(this.sentence({ round, caseName, system, result, since }));
  }

  settingsOf(caseName, system) {
    const settings = cases[caseName][this.options.quick ? 'quick' : 'full'];
    const { needs } = cases[caseName];
    if (!needs) return settings;
    const measured = needs.map((needed) => this.results.median(needed, system));
    return measured.every(Boolean) && { ...settings, capacity: Math.min(...measured) };
  }

  sentence({ round, caseName, system, result, since }) {
    const what = `Round ${round + 1}, ${caseName}, ${system}:`;
    if (result.failed) return `${what} failed. ${result.failed}`;
    return `${what} ${Number(result.value.toPrecision(3)).toLocaleString('en')} ${cases[caseName].unit} after ${elapsed(since)}, ${this.left} cells to go.`;
  }

  get profiles() {
    return this.options.profile && resolve(this.options.profile);
  }
}
