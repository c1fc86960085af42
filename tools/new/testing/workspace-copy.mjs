import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { workspaceEnvironment } from '../../local/environment.mjs';
import { localDirectory, nodeModules, pinnedNode, repositoryRoot } from '../../local/paths.mjs';

const leftOut = new Set(['node_modules', '.git', '.local', '.nx', 'out-tsc']);

// npm and the launcher write them in place, which must not reach the original by a hard link.
const writtenInPlace = ['.package-lock.json', '.mentorhub-lock-hash'];

/**
 * The workspace as it stands, with what is built and its packages (hard links), in a folder of its own
 * beside the original, so that what a command changes can be built and tested.
 */
export class WorkspaceCopy {
  constructor() {
    mkdirSync(localDirectory, { recursive: true });
    this.root = mkdtempSync(join(localDirectory, 'copy-'));
    for (const name of readdirSync(repositoryRoot).filter((entry) => !leftOut.has(entry))) this.#copy(name);
    execFileSync('cp', ['-al', nodeModules, this.root]);
    for (const name of writtenInPlace) {
      const path = join('node_modules', name);
      rmSync(join(this.root, path), { force: true });
      if (existsSync(join(repositoryRoot, path))) this.#copy(path);
    }
  }

  /** `npm run new` with these words. */
  new(...words) {
    return this.run('npm', ['run', '--silent', 'new', ...words]);
  }

  /** Runs a program of `node_modules/.bin`, or npm, to its end. */
  run(program, args) {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.root,
      env: workspaceEnvironment(),
      encoding: 'utf8',
      maxBuffer: 100_000_000,
    });
    return { status, output: stdout + stderr };
  }

  /** Runs Jest on these paths, on the servers of the run that we are in. */
  test(...paths) {
    const jest = join(this.root, 'node_modules/jest/bin/jest.js');
    return this.run(pinnedNode(), [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      jest,
      '--ci',
      '--maxWorkers=2',
      ...paths,
    ]);
  }

  write(path, text) {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  remove() {
    rmSync(this.root, { recursive: true, force: true });
  }

  #copy(path) {
    cpSync(join(repositoryRoot, path), join(this.root, path), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      filter: (source) => source === join(repositoryRoot, path) || !leftOut.has(basename(source)),
    });
  }
}
