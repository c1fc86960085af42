import { readFileSync } from 'node:fs';
import { cases } from '../catalogue.mjs';
import { rounded } from '../measuring/statistics.mjs';
import { systems } from '../systems/catalogue.mjs';
import { judge, rowOf } from './targets.mjs';

/** `docs/benchmarks.md` of one run: figures from the data, words from the pages beside this file. */
export function renderReport(data) {
  return [
    page('introduction'),
    ranOn(data),
    '## Targets',
    targetTable(data.rows),
    page('where-time-goes'),
    '## All figures',
    page('reading'),
    figureTable(data.rows),
    '## Latency and lateness',
    latencyTable(data.rows),
    '## What a task costs',
    page('processor-time'),
    cpuTable(data.rows),
    '## What is left out',
    leftOut(data.missing),
    page('method'),
    page('durability'),
    page('fairness'),
  ].join('\n\n');
}

const page = (name) => readFileSync(new URL(`./${name}.md`, import.meta.url), 'utf8').trim();

const number = (value) =>
  value === undefined ? '–' : rounded(value).toLocaleString('en', { maximumFractionDigits: 6 });

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function ranOn({ at, quick, machine, versions, rows }) {
  if (rows.length === 0) return 'There are no figures yet: run `npm run bench`.';
  const { cpu, cores, memoryGiB, system } = machine;
  const kind = quick ? 'a quick run, so read it as a hint' : 'a full run';
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Measured ${at.slice(0, 10)}, ${kind}, on ${cores} cores of ${cpu}, ${memoryGiB} GiB, ${system}. ${software.join(', ')}.`;
}

function targetTable(rows) {
  const lines = judge(rows).map((target) => [
    `\`${target.case}\``,
    wanted(target),
    target.of ? multiple(target.found) : withUnit(target.found, target.case),
    { true: 'yes', false: '**no**' }[target.met] ?? 'not measured',
  ]);
  return table(['case', 'wanted', 'found', 'met'], lines);
}

const multiple = (value) => (value === undefined ? '–' : `${number(value)} ×`);
const withUnit = (value, caseName) => (value === undefined ? '–' : `${number(value)} ${cases[caseName].unit}`);
const wanted = ({ case: name, of, atLeast, atMost, limit }) =>
  of ? `at ${atMost ? 'most' : 'least'} ${atMost ?? atLeast} × \`${of}\`` : `at most ${withUnit(limit, name)}`;

function figureTable(rows) {
  const names = Object.keys(systems).filter((system) => rows.some((row) => row.system === system));
  const lines = Object.entries(cases).map(([caseName, { unit }]) => [
    `\`${caseName}\``,
    unit,
    ...names.map((system) => figure(rows, caseName, system)),
  ]);
  return table(['case', 'unit', ...names], lines);
}

function figure(rows, caseName, system) {
  const row = rowOf(rows, caseName, system);
  if (!row) return '–';
  const own = rowOf(rows, caseName, 'mentorhub');
  if (!own || system === 'mentorhub') return number(row.value);
  const better = cases[caseName].better === 'more' ? own.value / row.value : row.value / own.value;
  return `${number(row.value)} (${multiple(better)})`;
}

function latencyTable(rows) {
  const measured = rows.filter(({ unit }) => unit === 'ms');
  const lines = measured.map(({ case: name, system, value, details }) => [
    `\`${name}\``,
    system,
    ...[details.offeredPerSecond, details.p50, details.handlerStartP99 ?? value, value, details.missing].map(number),
  ]);
  return table(['case', 'system', 'tasks/s offered', 'p50 ms', 'p99 ms to handler', 'figure', 'never came'], lines);
}

const spent = {
  cpuMicroseconds: 'its process, µs',
  postgresMicroseconds: 'PostgreSQL, µs',
  rabbitmqMicroseconds: 'RabbitMQ, µs',
  redisMicroseconds: 'Redis, µs',
  walBytes: 'PostgreSQL, bytes of WAL',
};

function cpuTable(rows) {
  const measured = rows.filter(({ details }) => details.cpuMicroseconds !== undefined);
  const lines = measured.map(({ case: name, system, details }) => [
    `\`${name}\``,
    system,
    ...Object.keys(spent).map((what) => number(details[what])),
  ]);
  return table(['case', 'system', ...Object.values(spent)], lines);
}

function leftOut(missing = []) {
  const known = Object.entries(systems).flatMap(([system, { without }]) =>
    Object.entries(without).map(([caseName, reason]) => ({ system, case: caseName, reason })),
  );
  const byReason = {};
  for (const cell of [...known, ...missing]) (byReason[`${cell.system}: ${cell.reason}`] ??= []).push(cell);
  return Object.values(byReason).map(leftOutLine).join('\n');
}

function leftOutLine(cells) {
  const [{ system, reason }] = cells;
  const names = [...new Set(cells.flatMap((cell) => cell.case ?? []))];
  const where = names.length === 0 ? 'everything' : names.map((name) => `\`${name}\``).join(', ');
  return `- **${system}**, ${where}: ${reason.replace(/\s+/g, ' ').trim().replace(/\.$/, '')}.`;
}
