import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { downloadAndUnpack, hasApt } from '../../tools/local/apt-download.mjs';
import { SetupError } from '../../tools/local/setup-error.mjs';

/** Where unpacked packages keep libraries: Debian names the folder for the architecture. */
export const libraryDirectories = (root) =>
  readdirSync(join(root, 'usr/lib'))
    .filter((name) => /-linux-gnu/.test(name))
    .map((name) => join(root, 'usr/lib', name));

/**
 * Debian packages and what they need beyond the machine's, unpacked once into a folder below `packages` and kept there.
 *
 * @returns the folder
 * @throws {SetupError} this is no Debian, or its packages cannot be reached
 */
export async function unpackedPackages({ names, always, title, packages, say, signal }) {
  const kept = join(packages, `bench-${names.join('+')}`);
  if (existsSync(kept)) return kept;
  if (!hasApt()) throw new SetupError(`${title} is not installed, and only on Debian or Ubuntu it can be downloaded.`);
  const unfinished = join(packages, `unfinished-bench-${process.pid}`);
  const target = join(unfinished, 'root');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const packageName of names) await unpack(packageName);
    if (!existsSync(kept)) renameSync(target, kept);
    return kept;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }

  async function unpack(packageName) {
    const workDirectory = join(unfinished, packageName);
    mkdirSync(workDirectory);
    const wanted = (name, installed) => !installed || always.test(name);
    const told = (what) => say(`${title}: ${what}`);
    await downloadAndUnpack({ packageName, wanted, workDirectory, target, say: told, signal });
  }
}
