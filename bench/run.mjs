import { setMaxListeners } from 'node:events';
import { requireNode } from '../tools/local/node-version.mjs';
import { describeFailure } from '../tools/local/setup-error.mjs';
import { stopRequest } from '../tools/local/stop-request.mjs';
import { Benchmark } from './benchmark.mjs';
import { help, readOptions } from './options.mjs';
import { renderAgain } from './write-results.mjs';

requireNode();
process.exitCode = await main();
process.exit(); // what a killed child leaves open must not keep us

async function main() {
  let signal;
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) return console.log(help) ?? 0;
    if (options.render) return (await renderAgain(options, console.error)) ?? 0;
    signal = stopRequest(() => process.exit(1));
    setMaxListeners(0, signal);
    await new Benchmark(options, signal).run();
    return 0;
  } catch (error) {
    if (signal?.aborted) return 130;
    console.error(describeFailure(error));
    return 1;
  }
}
