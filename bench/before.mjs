import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { localDirectory, pinnedNode, repositoryRoot } from '../tools/local/paths.mjs';
import { runCommand } from '../tools/local/run-command.mjs';

/** What the product is compared with to see what a change of it gained. Change it with the targets. */
const commit = 'a2040a6b9239c2f435cc8b1399f79ff64b4c7578';
const root = join(localDirectory, `bench-before-${commit.slice(0, 7)}`);
const ready = join(root, '.built');

/** The product as it was, behind the interface that it has today. */
export const loadBefore = async () => {
  const file = pathToFileURL(join(root, 'bench/systems/mentorhub/mentorhub.mjs'));
  return { ...(await import(file)).mentorhub, name: 'mentorhub-before' };
};

/**
 * Makes a checkout of that commit, installs and builds it; nothing of it is done twice.
 *
 * @returns {Promise<string | undefined>} why it cannot be had
 */
export async function prepareBefore({ say, signal }) {
  if (existsSync(ready)) return undefined;
  if (spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: repositoryRoot }).status !== 0)
    return `The history here does not have the commit ${commit.slice(0, 7)}; "git fetch --unshallow" brings it.`;
  say(`Making the product of ${commit.slice(0, 7)}: a checkout, its packages, its build.`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const archive = execFileSync('git', ['archive', '--format=tar', commit], {
    cwd: repositoryRoot,
    maxBuffer: 1_000_000_000,
  });
  execFileSync('tar', ['-x', '-C', root], { input: archive });
  await run(
    'npm',
    ['ci', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    signal,
  );
  const projects = ['libs/tasks/tsconfig.lib.json', 'libs/contracts/tsconfig.lib.json'];
  await run(pinnedNode(), ['node_modules/typescript/bin/tsc', '-b', ...projects], signal);
  writeFileSync(ready, '');
  return undefined;
}

const run = (command, args, signal) =>
  runCommand({
    name: command,
    command,
    args,
    env: process.env,
    cwd: root,
    logFile: join(localDirectory, 'logs/bench-before.log'),
    owner: `${localDirectory}/bench-before-${process.pid}`,
    signal,
    sentence: `The product of ${commit.slice(0, 7)} could not be built. The output ends with:`,
  });
