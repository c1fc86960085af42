import { join } from 'node:path';
import { workspaceEnvironment } from '../tools/local/environment.mjs';
import { installing, isInstalled } from '../tools/local/install.mjs';
import { localDirectory, nodeModules, pinnedNode, repositoryRoot } from '../tools/local/paths.mjs';
import { runCommand } from '../tools/local/run-command.mjs';

const owner = `${localDirectory}/chaos-${process.pid}`;
const logFile = (name) => join(localDirectory, `logs/chaos-${name}.log`);
const projects = [
  'libs/testing/tsconfig.lib.json',
  'apps/analytics-service/tsconfig.app.json',
  'apps/email-service/tsconfig.app.json',
];

/** Installs the workspace if it is not, and builds what the run's processes import. */
export async function prepareWorkspace({ say, signal }) {
  if (!isInstalled()) await installing({ logFile: logFile('install'), owner, signal });
  say('Building the services.');
  await runCommand({
    name: 'tsc',
    command: pinnedNode(),
    args: [join(nodeModules, 'typescript/bin/tsc'), '-b', ...projects],
    env: workspaceEnvironment(),
    cwd: repositoryRoot,
    logFile: logFile('build'),
    owner,
    signal,
    sentence: 'The services do not compile. The compiler says:',
  });
}
