import { parseArgs } from 'node:util';
import { cases } from './catalogue.mjs';
import { systems } from './systems/catalogue.mjs';
import { SetupError } from '../tools/local/setup-error.mjs';

export const help = `
npm run bench                      measures all cases of all systems and writes bench/results/latest.json and
                                   docs/benchmarks.md
npm run bench -- --quick           the same in under ten minutes: shorter, fewer rounds
npm run bench -- --cases process,enqueue-direct --systems mentorhub,bullmq --rounds 5

  --quick          short measurements
  --cases LIST     ${lines(cases)}
  --systems LIST   ${lines(systems)}
  --rounds N       how often each cell is measured; default 3, with --quick 1 or 2 (latency and memory 1)
  --out FOLDER     where results go instead: FOLDER/latest.json and FOLDER/benchmarks.md; default for a run of a part:
                   .local/bench, so that it does not replace the whole picture
  --profile FOLDER also writes a CPU profile of each cell's process there
  --concurrency N  the queue's concurrency in the product's worker, instead of its default; for finding out, not for the record
  --render         measures nothing; makes the page anew from the last results, after its words in bench/report were edited
  --help           this

It starts a RabbitMQ, a PostgreSQL and a Redis of its own in a temporary folder and ends them afterwards, also on Ctrl-C. What is
not installed (Redis, Celery) is downloaded with apt into .local/packages; what cannot be had is left out and named.
`;

function lines(named) {
  return Object.keys(named).join(', ');
}

/** @throws {SetupError} an option is unknown or names something that does not exist */
export function readOptions(argv) {
  const values = parse(argv);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1))
    throw new SetupError('--rounds must be a whole number from 1.');
  return {
    ...values,
    rounds,
    partial: Boolean(values.cases ?? values.systems ?? values.concurrency),
    cases: chosen('--cases', values.cases, Object.keys(cases)),
    systems: chosen('--systems', values.systems, Object.keys(systems)),
  };
}

function parse(argv) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const options = {
    quick: flag,
    help: flag,
    render: flag,
    cases: text,
    systems: text,
    rounds: text,
    out: text,
    profile: text,
    concurrency: text,
  };
  try {
    return parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw new SetupError(`${error.message} See "npm run bench -- --help".`);
  }
}

function chosen(option, list, all) {
  const names = list?.split(',').map((name) => name.trim()) ?? all;
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length === 0) return all.filter((name) => names.includes(name));
  throw new SetupError(`${option} knows no "${unknown.join(', ')}"; there are ${all.join(', ')}.`);
}
