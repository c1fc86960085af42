import { Launcher } from './launcher.mjs';
import { requireNode } from './node-version.mjs';
import { green, red, say } from './progress.mjs';
import { describeFailure } from './setup-error.mjs';
import { stopRequest } from './stop-request.mjs';

requireNode();

const signal = stopRequest(() => abandon('Stopped by force.'));
// A fault of the launcher itself must not leave servers behind.
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => abandon(describeFailure(error)));

const launcher = new Launcher({ watch: process.argv.includes('--watch'), signal });
process.exitCode = await run();
process.exit();

async function run() {
  const keepAlive = setInterval(() => {}, 60_000);
  let exitCode = 0;
  try {
    await launcher.start();
    await new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', resolve)));
  } catch (error) {
    if (!signal.aborted) {
      console.error(`\n${red(describeFailure(error))}\n`);
      exitCode = 1;
    }
  }
  await launcher.stop();
  clearInterval(keepAlive);
  if (exitCode === 0) say(`${green('✓')} Stopped; the data is kept for the next start.`);
  return exitCode;
}

function abandon(message) {
  console.error(`\n${message}`);
  launcher.abandon();
  process.exit(1);
}
