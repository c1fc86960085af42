import { parseArgs } from 'node:util';
import { requireNode } from '../local/node-version.mjs';
import { isInstalled } from '../local/install.mjs';
import { describeFailure, SetupError } from '../local/setup-error.mjs';
import { stopRequest } from '../local/stop-request.mjs';

const usage = `npm run new task <domain>.<verb-object> <effects>       adds a task: contract, handler, test
npm run new queue <queue> <service> ['<pattern>']       adds a queue, for the tasks that fit the pattern (default <queue>.*)
npm run new service <name>-service                      adds a service, with everything that starts, tests and ships it

<effects> is what the handler changes in the world:
  database     rows of its own service, in the transaction that also records its outcome
  external     something outside, such as a mail, around ctx.once
  idempotent   nothing that running twice would harm

Options of a task, after "--" so that npm passes them on: npm run new task reports.render-month database -- --queue reports
  --queue <queue>              where its messages go; without it the routes decide
  --on-ambiguous again|park    external alone, and needed there: what happens when a worker dies during the call
  --description "<sentence>"   for the catalogue of tasks
Option of all three:
  --dry-run                    says which files would change, and changes none

docs/add-a-task.md goes through it step by step.`;

const options = {
  queue: { type: 'string' },
  'on-ambiguous': { type: 'string' },
  description: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};
const kinds = { task: './task.mjs', queue: './queue.mjs', service: './service.mjs' };

requireNode();
try {
  await main();
} catch (error) {
  console.error(describeFailure(error));
  process.exitCode = 1;
}

async function main() {
  const { values, positionals } = read();
  const [kind, ...words] = positionals;
  if (values.help) return console.log(usage);
  if (!kind || !Object.hasOwn(kinds, kind))
    throw new SetupError(kind ? `There is no "${kind}" to be made.\n\n${usage}` : usage);
  if (!isInstalled()) throw new SetupError('The packages are not installed yet. Run "npm ci" first.');
  const { add } = await import(kinds[kind]);
  const { changes, finish, next } = add(words, values);
  await changes.format();
  const summary = changes.summary().join('\n');
  if (values['dry-run']) return console.log(`${summary}\nNothing was changed.`);
  await allOrNothing(changes, finish);
  console.log(`${summary}\n\n${next}`);
}

/** Writes the changes and finishes what follows from them; takes all back when that fails or somebody interrupts it. */
async function allOrNothing(changes, finish) {
  const signal = stopRequest(() => {});
  const undo = changes.write();
  try {
    await finish(signal);
    signal.throwIfAborted();
  } catch (error) {
    undo();
    throw signal.aborted ? new SetupError('Everything is as it was.') : error;
  }
}

function read() {
  // npm takes what stands before "--" for options of its own, and hands them on in the environment alone.
  const swallowed = Object.keys(options).filter((name) => `npm_config_${name.replaceAll('-', '_')}` in process.env);
  if (swallowed.length > 0 && process.env.npm_lifecycle_event === 'new') {
    const named = swallowed.map((name) => `--${name}`).join(', ');
    throw new SetupError(`npm kept ${named} for itself. Write "--" before it: npm run new … -- ${named} …`);
  }
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new SetupError(`${error.message.split(/\.? To specify/)[0]}.\n\n${usage}`);
  }
}
