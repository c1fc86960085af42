import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the whole repository. */
export const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Where everything of `npm start` is kept; ignored by git. */
export const localDirectory = join(repositoryRoot, '.local');

/** Where npm puts packages. */
export const nodeModules = join(repositoryRoot, 'node_modules');

/** The folder of an installed package, or undefined. Not `require.resolve`: packages of binaries export no package.json. */
export function packageDirectory(name) {
  const directory = join(nodeModules, name);
  return existsSync(join(directory, 'package.json')) ? directory : undefined;
}

/** The pinned Node of the workspace; the one that runs this script when that is not installed (other platforms). */
export function pinnedNode() {
  const pinned = join(nodeModules, '.bin', 'node');
  return existsSync(pinned) ? pinned : process.execPath;
}
