import { existsSync, readdirSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { downloadRabbitMq, erlangPrograms, keptRabbitMq, noDownload, versionBelow } from './rabbitmq-download.mjs';
import { isOfSeries, wantedSeries } from './rabbitmq-series.mjs';

/**
 * Where to find a RabbitMQ: `server` (its start script), `epmd`, and what its environment needs to find Erlang.
 *
 * @param {'installed' | 'downloaded' | 'auto'} source `auto` prefers what is installed on the machine
 * @param {string} [series] '4.3' for that one or a newer one; by default what RABBITMQ_SERIES says
 * @param {string} packages folder that keeps downloaded servers, one subfolder for each version
 * @returns {Promise<{server: string, epmd: string, env: Record<string, string>, source: string, version?: string} | undefined>}
 *   undefined when there is none of this source
 */
export async function rabbitMqBinaries({ source = 'auto', series = wantedSeries(), packages, say = () => {}, signal }) {
  if (source !== 'downloaded') {
    const installed = installedRabbitMq(series);
    if (installed || source === 'installed') return installed;
  }
  const kept = keptRabbitMq(packages, series);
  if (kept) return unpackedRabbitMq(kept, series);
  if (noDownload(series)) return undefined;
  return unpackedRabbitMq(await downloadRabbitMq({ packages, series, say, signal }), series);
}

/** For people: where it came from and which version it is. */
export const describeRabbitMq = ({ source, version }) => (version ? `${version}, ${source}` : source);

/** The machine's own RabbitMQ, if it has one that an ordinary user may start (and that is new enough). */
export function installedRabbitMq(series) {
  // Debian's /usr/sbin/rabbitmq-server switches to the system's rabbitmq user and directories; this is the script behind it.
  const server = [
    '/usr/lib/rabbitmq/bin/rabbitmq-server',
    ...inPath('rabbitmq-server').filter((path) => !path.startsWith('/usr/')),
  ].find(existsSync);
  const [epmd] = [...inPath('epmd'), '/usr/lib/erlang/bin/epmd'].filter(existsSync);
  if (!server || !epmd) return undefined;
  const version = versionOfServer(server);
  return isOfSeries(version ?? '0.0', series) ? { server, epmd, env: {}, source: 'installed', version } : undefined;
}

// Debian's start script lies beside the folder of the server, that of RabbitMQ's own archive inside of it.
function versionOfServer(server) {
  const home = dirname(dirname(server));
  return versionBelow(home) ?? /^rabbitmq_server-(\d.*)$/.exec(basename(home))?.[1];
}

function inPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, program))
    .filter(existsSync);
}

function unpackedRabbitMq(root, series) {
  const rabbitmq = join(root, 'usr/lib/rabbitmq');
  const version = versionBelow(rabbitmq);
  return {
    server: join(rabbitmq, 'bin/rabbitmq-server'),
    epmd: join(erlangPrograms(root), 'epmd'),
    env: {
      PATH: `${join(root, 'launcher')}${delimiter}${process.env.PATH}`,
      RABBITMQ_PLUGINS_DIR: join(rabbitmq, `lib/rabbitmq_server-${version}/plugins`),
      ...(!series && { LD_LIBRARY_PATH: libraryDirectories(root).join(delimiter) }),
    },
    source: 'downloaded',
    version,
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
