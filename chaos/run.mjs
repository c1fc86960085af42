import { setMaxListeners } from 'node:events';
import { requireNode } from '../tools/local/node-version.mjs';
import { describeFailure } from '../tools/local/setup-error.mjs';
import { stopRequest } from '../tools/local/stop-request.mjs';
import { planFaults } from './faults/plan.mjs';
import { help, readOptions } from './options.mjs';
import { prepareWorkspace } from './prepare-workspace.mjs';

requireNode();
const say = (sentence) => console.error(sentence);
process.exitCode = await main();
process.exit(); // what a killed child leaves open must not keep us

async function main() {
  let signal;
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) return console.log(help) ?? 0;
    if (options.plan) return printPlan(options);
    signal = stopRequest(() => process.exit(1));
    setMaxListeners(0, signal);
    await prepareWorkspace({ say, signal });
    const { ChaosRun } = await import('./chaos-run.mjs'); // it imports what was installed and built only now
    return await new ChaosRun(options, { say, signal }).run();
  } catch (error) {
    if (signal?.aborted) return 130;
    say(describeFailure(error));
    return 1;
  }
}

function printPlan(options) {
  for (const fault of planFaults(options)) console.log(JSON.stringify(fault));
  return 0;
}
