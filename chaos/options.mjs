import { parseArgs } from 'node:util';
import { SetupError } from '../tools/local/setup-error.mjs';
import { faultKinds } from './faults/catalogue.mjs';

export const help = `
npm run chaos -- --tasks 100000 --seed 7

Runs mixed tasks through real processes while a seeded schedule of faults kills workers and gateways, restarts the broker
and the database, and cuts connections. Ends with a ledger on one line of JSON on standard output:
accepted, succeeded, failed, revoked, expired, lost, doubled, wrong, ambiguous. Exits with 1 unless lost, doubled and wrong are 0.
The same seed and options give the same tasks and the same faults.

  --tasks N     how many tasks; default 2000
  --seed N      what tasks and faults follow from; default 1
  --faults N    how many faults; default 0.6 times the square root of the tasks, but each kind once
  --workers N   worker processes; default 3
  --rate N      tasks offered per second between faults; default 200, with --quick 50
  --quick       400 tasks and each kind of fault once; about a minute
  --plan        only prints the schedule of faults, one line of JSON each
  --keep        keeps the logs of all processes and servers in .local/chaos
  --help        this

It starts a RabbitMQ, a PostgreSQL and an SMTP server of its own in a temporary folder and ends them afterwards, also on Ctrl-C.
RABBITMQ_SERIES=4.3 makes that RabbitMQ 4.3 or newer.
docs/chaos.md says what is judged and how.
`;

/** Of every kind one: fewer faults would leave kinds out. */
const leastFaults = Object.keys(faultKinds).length;

/** @throws {SetupError} an option is unknown or no number */
export function readOptions(argv) {
  const given = parse(argv);
  const { quick, plan, keep } = given;
  const number = (name, otherwise, least) => numberOf(name, given[name] ?? otherwise, least);
  const tasks = number('tasks', quick ? 400 : 2000, 1);
  return {
    help: given.help,
    plan,
    keep,
    tasks,
    seed: number('seed', 1, 0),
    faults: number('faults', quick ? leastFaults : Math.max(leastFaults, Math.round(0.6 * Math.sqrt(tasks))), 0),
    workers: number('workers', 3, 1),
    rate: number('rate', quick ? 50 : 200, 1),
    gateways: 2,
  };
}

function parse(argv) {
  const flag = { type: 'boolean', default: false };
  const text = { type: 'string' };
  const options = {
    quick: flag,
    plan: flag,
    keep: flag,
    help: flag,
    tasks: text,
    seed: text,
    faults: text,
    workers: text,
    rate: text,
  };
  try {
    return parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw new SetupError(`${error.message} See "npm run chaos -- --help".`);
  }
}

function numberOf(name, value, least) {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new SetupError(`--${name} must be a whole number from ${least}, not "${value}".`);
}
