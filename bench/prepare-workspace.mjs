import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceEnvironment } from '../tools/local/environment.mjs';
import { installing, isInstalled } from '../tools/local/install.mjs';
import { localDirectory, nodeModules, pinnedNode, repositoryRoot } from '../tools/local/paths.mjs';
import { runCommand } from '../tools/local/run-command.mjs';

const bench = join(repositoryRoot, 'bench');
const owner = `${localDirectory}/bench-${process.pid}`;

/** Installs the workspace and the peers if they are not, and builds the libraries that the product's cells import. */
export async function prepareWorkspace({ say, signal }) {
  if (!isInstalled()) await installing({ logFile: logFile('install'), owner, signal });
  if (!peersInstalled()) {
    say('Installing the peers (npm ci in bench).');
    await installPeers(signal);
  }
  say('Building the libraries.');
  await build(signal);
}

const logFile = (name) => join(localDirectory, `logs/bench-${name}.log`);

/** npm writes this file last; older than the lock file it is of another version. */
function peersInstalled() {
  const written = join(bench, 'node_modules/.package-lock.json');
  return existsSync(written) && statSync(written).mtimeMs >= statSync(join(bench, 'package-lock.json')).mtimeMs;
}

function installPeers(signal) {
  return runCommand({
    name: 'npm ci',
    command: 'npm',
    args: ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    env: process.env,
    cwd: bench,
    logFile: logFile('install'),
    owner,
    signal,
    sentence: '"npm ci" failed in bench. Is the npm registry reachable? Its output ends with:',
  });
}

function build(signal) {
  return runCommand({
    name: 'tsc',
    command: pinnedNode(),
    args: [
      join(nodeModules, 'typescript/bin/tsc'),
      '-b',
      'libs/task-worker/tsconfig.lib.json',
      'libs/contracts/tsconfig.lib.json',
    ],
    env: workspaceEnvironment(),
    cwd: repositoryRoot,
    logFile: logFile('build'),
    owner,
    signal,
    sentence: 'The libraries do not compile. The compiler says:',
  });
}
