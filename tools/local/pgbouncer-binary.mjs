import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { downloadAndUnpack, hasApt, hasDebianKeys } from './apt-download.mjs';
import { startWithOwnLibraries } from './own-libraries.mjs';
import { SetupError } from './setup-error.mjs';

/** PgBouncer 1.24 there; Debian 12 has 1.18, which is older than what we support. */
const suite = 'trixie';

/** Why no PgBouncer can be had here, as the end of a sentence; undefined when it can. */
export function noPgBouncer() {
  if (!hasApt()) return 'this machine has no apt to download PgBouncer with';
  if (!hasDebianKeys()) return 'this machine lacks the package debian-archive-keyring to verify PgBouncer with';
  return undefined;
}

/**
 * The path of a PgBouncer of Debian's suite, downloaded into `packages` by whoever needs it first. Unpacked beside its final
 * place and renamed when complete, so that no other run ever sees half of it.
 */
export async function pgBouncerBinary({ packages, say = () => {} }) {
  const finished = join(packages, `pgbouncer-of-${suite}`);
  const program = join(finished, 'usr/sbin/pgbouncer');
  if (existsSync(program)) return program;
  const missing = noPgBouncer();
  if (missing) throw new SetupError(`There is no PgBouncer to test with: ${missing}.`);
  const unfinished = `${finished}.unfinished-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const root = join(unfinished, 'root');
    await downloadAndUnpack({
      packageName: 'pgbouncer',
      suite,
      wanted: (name) => /^(pgbouncer|lib.*|zlib1g)$/.test(name),
      workDirectory: unfinished,
      target: root,
      say: (what) => say(`PgBouncer: ${what}`),
    });
    startWithOwnLibraries({ root, programs: join(root, 'usr/sbin') });
    if (!existsSync(finished)) renameSync(root, finished);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error; // Else another run was faster.
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return program;
}
