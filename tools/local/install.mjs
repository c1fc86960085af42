import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installProgress } from './install-progress.mjs';
import { nodeModules, repositoryRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { runCommand } from './run-command.mjs';

const lockFile = join(repositoryRoot, 'package-lock.json');
const remembered = join(nodeModules, '.mentorhub-lock-hash');
const written = join(nodeModules, '.package-lock.json'); // npm writes it last, after every install of any kind.

/** Whether node_modules is what package-lock.json says: the same lock as last time, or installed by hand after it changed. */
export function isInstalled() {
  if (!existsSync(written)) return false;
  if (existsSync(remembered) && readFileSync(remembered, 'utf8') === lockHash()) return true;
  if (statSync(written).mtimeMs < statSync(lockFile).mtimeMs) return false;
  writeFileSync(remembered, lockHash());
  return true;
}

/** The step of an installation, for whoever starts one. */
export const installing = ({ logFile, owner, signal }) =>
  step('Installing packages (npm ci)', () => install({ logFile, owner, signal }), {
    progress: installProgress(lockFile, nodeModules),
    signal,
  });

/** The npm that runs us if there is one, with these arguments. */
export function npmCommand(...args) {
  const npm = process.env.npm_execpath;
  return npm ? { command: process.execPath, args: [npm, ...args] } : { command: 'npm', args };
}

async function install({ logFile, owner, signal }) {
  await runCommand({
    name: 'npm ci',
    ...npmCommand('ci', '--no-audit', '--no-fund', '--loglevel=error'),
    // The settings of the outer npm run (npm_config_*) stay: registry, proxy and offline mode must hold here too.
    env: process.env,
    cwd: repositoryRoot,
    logFile,
    owner,
    signal,
    sentence: '"npm ci" failed. Is the npm registry reachable? Its output ends with:',
  });
  writeFileSync(remembered, lockHash());
}

const lockHash = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex');
