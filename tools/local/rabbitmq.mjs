import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts, letGo } from './ports.mjs';
import { rabbitMqBinaries } from './rabbitmq-binaries.mjs';
import { noDownload, whatElse } from './rabbitmq-download.mjs';
import { wantedSeries } from './rabbitmq-series.mjs';
import { RABBITMQ_PORTS, RABBITMQ_USER, configureRabbitMq } from './rabbitmq-configuration.mjs';
import { OWNER_VARIABLE, startServerProcess } from './server-process.mjs';
import { SetupError } from './setup-error.mjs';
import { serverUser } from './unprivileged-user.mjs';
import { answersOk } from './wait.mjs';

/**
 * A private RabbitMQ node: unprivileged, listening on 127.0.0.1 only, with everything it writes in `directory`.
 *
 * 1. Its own Erlang port mapper (epmd) is started first, as a child of ours: one that the node started by itself would
 *    outlive it and could not be told from others.
 * 2. The node starts with management and Prometheus plugins and an administrator with a random password.
 * 3. Ready when AMQP answers the protocol header and both plugins answer HTTP.
 *
 * `stop` is orderly, keeps the data and takes about six seconds (the management plugin makes the node wait that long after
 * everything is on disk); `kill` is a crash. After either, `start` brings it back with its ports, data and password.
 * `control` runs rabbitmqctl on the node and answers its output.
 *
 * @param {{directory: string, packages?: string, binaries?: object, ports?: Record<string, number>, source?: 'installed' | 'downloaded' | 'auto', series?: '4.3',
 *   say?: (line: string) => void, owner?: string}} options
 */
export async function startRabbitMq({
  directory,
  packages = directory,
  ports,
  source = 'auto',
  series = wantedSeries(),
  binaries,
  say,
  owner = directory,
}) {
  binaries ??= await rabbitMqBinaries({ source, series, packages, say });
  if (!binaries) throw new SetupError(unavailable(source, series));
  const chosen = ports ?? (await freePorts(RABBITMQ_PORTS));
  const { env, password } = configureRabbitMq({ directory, ports: chosen, binaries });
  const at = { cwd: directory, user: serverUser(), owner, env };

  const launch = async () => {
    await letGo(RABBITMQ_PORTS.map((name) => chosen[name]));
    const epmd = startServerProcess({
      ...at,
      name: "RabbitMQ's port mapper (epmd)",
      command: binaries.epmd,
      args: ['-port', String(chosen.epmd), '-address', '127.0.0.1'],
      logFile: join(directory, 'log/epmd.log'),
    });
    let node;
    try {
      await epmd.ready(() => accepts(chosen.epmd), 10);
      node = startServerProcess({
        ...at,
        name: 'RabbitMQ',
        command: binaries.server,
        args: [],
        logFile: join(directory, 'log/startup.log'),
      });
      await node.ready(() => isReady(chosen, password), 120);
    } catch (error) {
      await Promise.all([node?.kill(), epmd.kill()]);
      throw error;
    }
    return { node, epmd };
  };

  const stop = async ({ node, epmd }) => {
    await node.stop('SIGTERM', 30);
    await epmd.stop('SIGTERM', 5);
  };

  let running = await launch();
  const credentials = `${RABBITMQ_USER}:${password}`;
  return {
    amqpUrl: `amqp://${credentials}@127.0.0.1:${chosen.amqp}`,
    managementUrl: `http://127.0.0.1:${chosen.management}`,
    managementUrlWithCredentials: `http://${credentials}@127.0.0.1:${chosen.management}`,
    prometheusUrl: `http://127.0.0.1:${chosen.prometheus}/metrics`,
    user: RABBITMQ_USER,
    password,
    source: binaries.source,
    version: binaries.version,
    get pid() {
      return running.node.pid;
    },
    get processes() {
      return [running.node, running.epmd];
    },
    stop: () => stop(running),
    kill: () => Promise.all([running.node.kill(), running.epmd.kill()]),
    async start() {
      running = await launch();
    },
    acceptsConnections: () => answersAmqp(chosen.amqp),
    control: (...args) => control({ binaries, args, at }),
  };
}

function unavailable(source, series) {
  const reason = noDownload(series) ?? 'it is not installed';
  return `RabbitMQ ${series ?? `(${source})`} is not available: ${reason}. You can ${whatElse(series)}, or set AMQP_URL.`;
}

async function control({ binaries, args, at: { cwd, user, env, owner } }) {
  const rabbitmqctl = join(dirname(binaries.server), 'rabbitmqctl');
  const options = { cwd, ...user, env: { ...env, [OWNER_VARIABLE]: owner }, timeout: 180_000 };
  const { stdout } = await promisify(execFile)(rabbitmqctl, args, options);
  return stdout;
}

async function isReady(ports, password) {
  const management = `http://${RABBITMQ_USER}:${password}@127.0.0.1:${ports.management}/api/overview`;
  return (
    (await answersAmqp(ports.amqp)) &&
    (await answersOk(management)) &&
    (await answersOk(`http://127.0.0.1:${ports.prometheus}/metrics`))
  );
}

function accepts(port) {
  return new Promise((answer) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.destroy() && answer(true));
    socket.once('error', () => answer(false));
  });
}

// A broker answers the protocol header with a method frame (type 1), Connection.Start; an open port alone proves little.
function answersAmqp(port) {
  return new Promise((answer) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('connect', () => socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1')));
    socket.once('data', (reply) => {
      answer(reply[0] === 1);
      socket.destroy();
    });
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
