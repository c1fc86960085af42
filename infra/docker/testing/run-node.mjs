import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './compose-file.mjs';

/** The path of a file that the build makes; says what to do where it is missing. */
export function builtFile(...names) {
  const file = join(repositoryRoot, ...names);
  if (existsSync(file)) return file;
  throw new Error(`${names.join('/')} does not exist: run "npm run build" first. "npm test" does so by itself.`);
}

/** Runs Node to its end with this environment and nothing of the caller's. */
export function runNode(args, env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: repositoryRoot, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}
