import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { downloadAndUnpack, hasApt, hasDebianKeys } from './apt-download.mjs';
import { startWithOwnLibraries } from './own-libraries.mjs';
import { isOfSeries } from './rabbitmq-series.mjs';
import { SetupError } from './setup-error.mjs';

/*
 * RabbitMQ as unpacked Debian packages. Without a series it is that of the machine's own release and uses the machine's C
 * library. Of the newer series it comes from Debian's unstable suite, which has one version at a time, with the libraries
 * of that suite beside it.
 */
const own = {
  prefix: 'rabbitmq-server-',
  wanted: (name, installed) => !installed || /^(rabbitmq-server|erlang-.*)$/.test(name),
  prepare: () => undefined,
};
const newer = {
  suite: 'sid',
  prefix: 'newer-rabbitmq-server-',
  // Of the tools that it asks for (adduser, systemd), the start script that we use needs none.
  wanted: (name) => /^(rabbitmq-server|erlang-.*|lib.*|zlib1g)$/.test(name),
  prepare: (root) => startWithOwnLibraries({ root, programs: join(root, 'usr/lib/erlang') }),
};
const kindOf = (series) => (series ? newer : own);

/** Why it cannot be downloaded here, as the end of a sentence; undefined when it can. */
export function noDownload(series) {
  if (!hasApt()) return 'this machine has no apt to download it with';
  if (series && !hasDebianKeys()) return 'this machine lacks the package debian-archive-keyring to verify it with';
  return undefined;
}

/** The folder of the newest download that is there already, or undefined. */
export function keptRabbitMq(packages, series) {
  if (!existsSync(packages)) return undefined;
  const { prefix } = kindOf(series);
  const names = readdirSync(packages).filter((name) => name.startsWith(prefix));
  const newest = names.sort((a, b) => statSync(join(packages, b)).mtimeMs - statSync(join(packages, a)).mtimeMs)[0];
  return newest && join(packages, newest);
}

/**
 * Downloads it into `packages` and returns its folder there. Unpacked beside its final place and renamed when complete, so
 * that no other run ever sees half a server.
 */
export async function downloadRabbitMq({ packages, series, say, signal }) {
  mkdirSync(packages, { recursive: true });
  const { prefix, suite, wanted, prepare } = kindOf(series);
  const unfinished = join(packages, `unfinished-${prefix}${process.pid}`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished);
  const root = join(unfinished, 'root');
  const name = series ? `RabbitMQ ${series}` : 'RabbitMQ';
  try {
    await downloadAndUnpack({
      packageName: 'rabbitmq-server',
      suite,
      wanted,
      workDirectory: unfinished,
      target: root,
      signal,
      say: (what) => say(`${name}: ${what}`),
    });
    const version = versionBelow(join(root, 'usr/lib/rabbitmq'));
    if (!isOfSeries(version, series)) throw new Error(`Debian has RabbitMQ ${version}, which is older.`);
    prepare(root);
    writeErlangStarters(root);
    const finished = join(packages, `${prefix}${version}`);
    if (!existsSync(finished)) renameSync(root, finished);
    return finished;
  } catch (error) {
    signal?.throwIfAborted();
    if (['ENOTEMPTY', 'EEXIST'].includes(error.code)) return keptRabbitMq(packages, series); // Another run was faster.
    throw new SetupError(`${name} could not be downloaded. Try again, ${whatElse(series)}, or set AMQP_URL.`, {
      log: [error.message, error.log].filter(Boolean).join('\n'),
      cause: error,
    });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** What else a person could do to have one. */
export const whatElse = (series) => (series ? 'unset RABBITMQ_SERIES' : 'install the package rabbitmq-server');

/** The version of the server whose own folder is in `directory`/lib; undefined when there is none. */
export function versionBelow(directory) {
  const library = join(directory, 'lib');
  if (!existsSync(library)) return undefined;
  const name = readdirSync(library).find((entry) => /^rabbitmq_server-\d/.test(entry));
  return name?.replace('rabbitmq_server-', '');
}

/** Erlang's own folder of programs, which is named for its version. */
export function erlangPrograms(root) {
  const erlang = join(root, 'usr/lib/erlang');
  return join(
    erlang,
    readdirSync(erlang).find((name) => name.startsWith('erts-')),
    'bin',
  );
}

// Debian's `erl` starts /usr/lib/erlang wherever it lies itself and whatever ERL_ROOTDIR says; this one starts its own. So
// does `escript`, by which rabbitmqctl is run.
function writeErlangStarters(root) {
  const programs = erlangPrograms(root);
  mkdirSync(join(root, 'launcher'));
  const write = (name, lines) =>
    writeFileSync(join(root, 'launcher', name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  write('erl', [
    'ROOTDIR=$(cd "$(dirname "$0")/../usr/lib/erlang" && pwd)',
    `BINDIR=$ROOTDIR${programs.slice(join(root, 'usr/lib/erlang').length)} EMU=beam PROGNAME=erl`,
    'export ROOTDIR BINDIR EMU PROGNAME',
    'exec "$BINDIR/erlexec" "$@"',
  ]);
  write('escript', [
    'ESCRIPT_EMULATOR=$(cd "$(dirname "$0")" && pwd)/erl',
    'export ESCRIPT_EMULATOR',
    `exec "$(dirname "$0")/..${programs.slice(root.length)}/escript" "$@"`,
  ]);
}
