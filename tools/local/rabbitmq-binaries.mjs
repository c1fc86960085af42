import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { downloadAndUnpack, hasApt } from './apt-download.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Where to find a RabbitMQ: `server` (its start script), `epmd`, and what its environment needs to find Erlang.
 *
 * @param {'installed' | 'downloaded' | 'auto'} source `auto` prefers what is installed on the machine
 * @param {string} packages folder that keeps downloaded servers, one subfolder for each version
 * @returns {Promise<{server: string, epmd: string, env: Record<string, string>, source: string} | undefined>}
 *   undefined when there is none of this source
 */
export async function rabbitMqBinaries({ source = 'auto', packages, say = () => {}, signal }) {
  if (source !== 'downloaded') {
    const installed = installedRabbitMq();
    if (installed || source === 'installed') return installed;
  }
  const kept = keptRabbitMq(packages);
  if (kept) return unpackedRabbitMq(kept);
  return hasApt() ? unpackedRabbitMq(await download(packages, say, signal)) : undefined;
}

/** The machine's own RabbitMQ, if it has one that an ordinary user may start. */
export function installedRabbitMq() {
  // Debian's /usr/sbin/rabbitmq-server switches to the system's rabbitmq user and directories; this is the script behind it.
  const server = [
    '/usr/lib/rabbitmq/bin/rabbitmq-server',
    ...inPath('rabbitmq-server').filter((path) => !path.startsWith('/usr/')),
  ].find(existsSync);
  const [epmd] = [...inPath('epmd'), '/usr/lib/erlang/bin/epmd'].filter(existsSync);
  return server && epmd ? { server, epmd, env: {}, source: 'installed' } : undefined;
}

function inPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, program))
    .filter(existsSync);
}

function unpackedRabbitMq(root) {
  const erlang = join(root, 'usr/lib/erlang');
  const library = join(root, 'usr/lib/rabbitmq/lib');
  const [home] = readdirSync(library).filter((name) => name.startsWith('rabbitmq_server-'));
  const [runtime] = readdirSync(erlang).filter((name) => name.startsWith('erts-'));
  return {
    server: join(root, 'usr/lib/rabbitmq/bin/rabbitmq-server'),
    epmd: join(erlang, runtime, 'bin/epmd'),
    env: {
      PATH: `${join(root, 'launcher')}${delimiter}${process.env.PATH}`,
      RABBITMQ_PLUGINS_DIR: join(library, home, 'plugins'),
      LD_LIBRARY_PATH: libraryDirectories(root).join(delimiter),
    },
    source: 'downloaded',
  };
}

// Libraries that the machine lacked were unpacked too; Debian keeps them in a folder named for the architecture.
function libraryDirectories(root) {
  return ['lib', 'usr/lib'].flatMap((folder) => {
    if (!existsSync(join(root, folder))) return [];
    const names = readdirSync(join(root, folder)).filter((name) => /-linux-gnu/.test(name));
    return names.map((name) => join(root, folder, name));
  });
}

function keptRabbitMq(packages) {
  if (!existsSync(packages)) return undefined;
  const names = readdirSync(packages).filter((name) => /^rabbitmq-server-\d/.test(name));
  const newest = names.sort((a, b) => statSync(join(packages, b)).mtimeMs - statSync(join(packages, a)).mtimeMs)[0];
  return newest && join(packages, newest);
}

// Unpacked beside its final place and renamed when complete, so that no other run ever sees half a server.
async function download(packages, say, signal) {
  mkdirSync(packages, { recursive: true });
  const unfinished = join(packages, `unfinished-${process.pid}`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished);
  const root = join(unfinished, 'root');
  try {
    await downloadAndUnpack({
      packageName: 'rabbitmq-server',
      always: /^(rabbitmq-server|erlang-.*)$/,
      workDirectory: unfinished,
      target: root,
      signal,
      say: (what) => say(`RabbitMQ: ${what}`),
    });
    writeErlangStarter(root);
    const finished = join(packages, `rabbitmq-server-${versionOf(root)}`);
    if (!existsSync(finished)) renameSync(root, finished);
    return finished;
  } catch (error) {
    signal?.throwIfAborted();
    if (['ENOTEMPTY', 'EEXIST'].includes(error.code)) return keptRabbitMq(packages); // Another run was faster.
    throw new SetupError(
      'RabbitMQ could not be downloaded. Try again, install the package rabbitmq-server, or set AMQP_URL.',
      {
        log: [error.message, error.log].filter(Boolean).join('\n'),
        cause: error,
      },
    );
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

// Debian's `erl` starts /usr/lib/erlang wherever it lies itself and whatever ERL_ROOTDIR says; this one starts its own.
function writeErlangStarter(root) {
  const [runtime] = readdirSync(join(root, 'usr/lib/erlang')).filter((name) => name.startsWith('erts-'));
  const lines = [
    '#!/bin/sh',
    'ROOTDIR=$(cd "$(dirname "$0")/../usr/lib/erlang" && pwd)',
    `BINDIR=$ROOTDIR/${runtime}/bin EMU=beam PROGNAME=erl`,
    'export ROOTDIR BINDIR EMU PROGNAME',
    'exec "$BINDIR/erlexec" "$@"',
  ];
  mkdirSync(join(root, 'launcher'));
  writeFileSync(join(root, 'launcher/erl'), `${lines.join('\n')}\n`, { mode: 0o755 });
}

function versionOf(root) {
  const [name] = readdirSync(join(root, 'usr/lib/rabbitmq/lib'));
  return name.replace('rabbitmq_server-', '');
}
