import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceEnvironment } from './environment.mjs';
import { installing, isInstalled } from './install.mjs';
import { fetchNewerRabbitMq, testsOnNewerRabbitMq } from './newer-rabbitmq-tests.mjs';
import { requireNode } from './node-version.mjs';
import { localDirectory, nodeModules, pinnedNode, repositoryRoot } from './paths.mjs';
import { bold, dim, elapsed, green, red, say } from './progress.mjs';
import { NEWER_SERIES, wantedSeries } from './rabbitmq-series.mjs';
import { sendSignal } from './server-process.mjs';
import { describeFailure } from './setup-error.mjs';
import { countTests } from './test-results.mjs';

requireNode();

const full = process.argv.includes('--full');

/** What runs before the tests, in this order. Each counts as one in the last line. */
const checks = [
  { title: 'Format', program: 'prettier', args: ['--check', '.'] },
  { title: 'Lint and boundaries', program: 'nx', args: ['run-many', '-t', 'lint', '--outputStyle=static'] },
  { title: 'Lint of scripts', program: 'eslint', args: ['tools', 'infra', 'bench', 'chaos', 'docs', '*.mjs'] },
  { title: 'Imports', program: 'depcruise', args: ['--config', '.dependency-cruiser.mjs', 'apps', 'libs'] },
  { title: 'Project references', program: 'nx', args: ['sync:check'] },
  { title: 'Types and build', program: 'tsc', args: ['-b', 'tsconfig.json'] },
  ...(full
    ? [{ title: 'Build by Nx', program: 'nx', args: ['run-many', '-t', 'typecheck', 'build', '--outputStyle=static'] }]
    : []),
];

const patterns = process.argv.slice(2).filter((argument) => argument !== '--full');
const total = { passed: 0, failed: 0, skipped: 0 };
const stopping = new AbortController();
let installation;
const environment = { ...workspaceEnvironment(), ...(full ? { MENTORHUB_TEST_FULL: '1' } : {}) };
let running;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);

try {
  await installIfNeeded();
  // With patterns somebody works on a part: only its tests run, on one RabbitMQ.
  const all = patterns.length === 0;
  const newer = all && !wantedSeries() && !process.env.TEST_AMQP_URL ? fetchNewerRabbitMq(stopping.signal) : undefined;
  if (all) for (const check of checks) await runCheck(check);
  await runTests('Tests', patterns);
  if (newer) await runTestsOnNewerRabbitMq(await newer);
} catch (error) {
  if (stopping.signal.aborted) process.exit(130); // ended on purpose: nothing has failed
  console.error(red(describeFailure(error)));
  total.failed++;
}
say(dim(`\nAfter ${elapsed()}:`));
say(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 ? 1 : 0);

async function installIfNeeded() {
  if (isInstalled()) return;
  mkdirSync(localDirectory, { recursive: true });
  const logFile = join(localDirectory, 'logs/install.log');
  installation = installing({ logFile, owner: `${localDirectory}/test-${process.pid}`, signal: stopping.signal });
  await installation;
}

async function runCheck({ title, program, args }) {
  const since = Date.now();
  say(`\n${bold(title)} ${dim([program, ...args].join(' '))}`);
  const { code } = await run(join(nodeModules, '.bin', program), args);
  total[code === 0 ? 'passed' : 'failed']++;
  say(`${code === 0 ? green(`✓ ${title}`) : red(`✗ ${title}`)} ${dim(elapsed(since))}`);
}

async function runTestsOnNewerRabbitMq({ version, missing }) {
  if (version) return runTests(`Tests on RabbitMQ ${version}`, testsOnNewerRabbitMq, { RABBITMQ_SERIES: NEWER_SERIES });
  say(`\n${bold(`Tests on RabbitMQ ${NEWER_SERIES}`)}\nSkipped, since it cannot be had here: ${missing}`);
  total.skipped++;
}

async function runTests(title, tests, variables = {}) {
  say(`\n${bold(title)}`);
  mkdirSync(localDirectory, { recursive: true });
  const results = join(localDirectory, `test-results-${process.pid}.json`);
  const jest = [join(nodeModules, 'jest/bin/jest.js'), '--ci', '--json', `--outputFile=${results}`, ...tests];
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const { code } = await run(pinnedNode(), [...node, ...jest], variables);
  const counted = countTests(() => readFileSync(results, 'utf8'), code);
  rmSync(results, { force: true });
  for (const name of Object.keys(total)) total[name] += counted[name];
}

function run(command, args, variables = {}) {
  const env = { ...environment, ...variables };
  return new Promise((resolve, reject) => {
    running = spawn(command, args, { cwd: repositoryRoot, env, stdio: 'inherit', detached: true });
    running.once('error', reject);
    running.once('exit', (code, signal) => resolve({ code: code ?? signal }));
  });
}

// The program and its helpers (jest's workers, say) are one process group. Jest's own signal hook ends the private servers;
// we wait for that, so that nothing outlives us.
function stop(signal) {
  stopping.abort();
  // npm runs in a process group of its own, and ends with its installation.
  if (!running && installation) return void installation.catch(() => undefined).then(() => process.exit(130));
  if (!running || running.exitCode !== null) process.exit(130);
  sendSignal(-running.pid, signal);
  const patience = setTimeout(() => sendSignal(-running.pid, 'SIGKILL'), 15_000);
  running.once('exit', () => {
    clearTimeout(patience);
    sendSignal(-running.pid, 'SIGKILL');
    process.exit(130);
  });
}
