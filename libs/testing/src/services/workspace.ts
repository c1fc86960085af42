import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, wherever this file runs from (src or dist). */
export const workspaceRoot = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'nx.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error('No nx.json was found above the testing library: it works only inside its repository.');
  return rootAbove(parent);
}

/** The apps that have a source file of this name, for instance `migrate.ts`. */
export function appsWith(file: string): string[] {
  return readdirSync(join(workspaceRoot, 'apps')).filter((app) =>
    existsSync(join(workspaceRoot, 'apps', app, 'src', file)),
  );
}

/** Path of a built file of an app. @throws Error that says to build when it is missing. */
export function builtFile(app: string, file: string): string {
  const path = join(workspaceRoot, 'apps', app, 'dist', file);
  if (!existsSync(path)) throw new Error(`apps/${app}/dist/${file} does not exist: run \`npm run build\` first.`);
  return path;
}
