import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { processesIn } from './leftovers.mjs';
import { freePort, letGo } from './ports.mjs';
import { postgresBinaries } from './postgres-binaries.mjs';
import { startServerProcess } from './server-process.mjs';
import { SetupError } from './setup-error.mjs';
import { makePrivateDirectory, serverUser } from './unprivileged-user.mjs';
import { waitUntil } from './wait.mjs';

const USER = 'mentorhub';

/**
 * A private PostgreSQL: data, password and log live in `directory` and stay there over restarts; it listens on 127.0.0.1 only.
 *
 * 1. initdb once, into a folder that gets its final name when complete: a crash half-way leaves nothing to repair.
 * 2. A lock file left by a crash is removed if its pid now belongs to a foreign process.
 * 3. Ready when the server answers a connection. Commits are durable (fsync stays on), also in tests.
 *
 * @returns {Promise<{url: string, pid: number, stop(): Promise<void>, kill(): Promise<void>, start(): Promise<void>, restart(): Promise<void>}>}
 *   `url` is a superuser's; `stop` = fast shutdown, `kill` = crash, `start` is for after either; `restart` keeps port, data and url
 */
export async function startPostgres({
  directory,
  port,
  copies = directory,
  settings = {},
  owner = directory,
  database = 'postgres',
}) {
  const chosenPort = port ?? (await freePort());
  const binaries = postgresBinaries(copies);
  makePrivateDirectory(directory);
  const data = join(directory, 'data');
  if (!existsSync(data)) initialise({ binaries, directory, data });
  const password = readFileSync(join(directory, 'password'), 'utf8');

  const launch = async () => {
    await clearLeftovers(data);
    await letGo([chosenPort]);
    const server = startServerProcess({
      name: 'PostgreSQL',
      command: join(binaries, 'bin/postgres'),
      args: ['-D', data, ...asArguments({ port: chosenPort, ...SETTINGS, ...settings })],
      env: environment(),
      cwd: directory,
      user: serverUser(),
      logFile: join(directory, 'postgres.log'),
      owner,
    });
    try {
      await server.ready(() => answersLogin(chosenPort));
    } catch (error) {
      await server.kill();
      throw error;
    }
    return server;
  };

  let server = await launch();
  return {
    url: `postgresql://${USER}:${password}@127.0.0.1:${chosenPort}/${database}`,
    get pid() {
      return server.pid;
    },
    get processes() {
      return [server];
    },
    // SIGINT is PostgreSQL's "fast shutdown": it ends open transactions instead of waiting for clients to leave.
    stop: () => server.stop('SIGINT'),
    kill: () => server.kill(),
    async start() {
      server = await launch();
    },
    acceptsConnections: () => answersLogin(chosenPort),
    async restart() {
      await server.stop('SIGINT');
      server = await launch();
    },
  };
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const asArguments = (settings) => Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

const environment = () => ({ PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' });

function initialise({ binaries, directory, data }) {
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, randomBytes(18).toString('hex'), { mode: 0o600 });
  const user = serverUser();
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const options = [
    '-U',
    USER,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale-provider=builtin',
  ];
  const result = spawnSync(
    join(binaries, 'bin/initdb'),
    [...options, '--builtin-locale=C.UTF-8', '--locale=C', '-D', unfinished],
    {
      ...user,
      cwd: directory,
      env: environment(),
      encoding: 'utf8',
    },
  );
  if (result.status !== 0) {
    const log = result.error?.message ?? `${result.stdout}${result.stderr}`;
    throw new SetupError(`PostgreSQL could not create its data directory ${data}:`, { log });
  }
  renameSync(unfinished, data);
}

/**
 * After a crash: PostgreSQL refuses to start while a process of the old server lives (they end by themselves within
 * moments), or when the pid in its lock file was reused by a foreign process of the same user: that file we remove.
 */
async function clearLeftovers(data) {
  await waitUntil(() => !processesIn(data).length, {
    what: `The end of a PostgreSQL that was left running on ${data}`,
    timeoutSeconds: 20,
  });
  rmSync(join(data, 'postmaster.pid'), { force: true });
}

// An open port is not enough: while PostgreSQL recovers from a crash it answers every login with an error. Ready is when
// it answers a login's first packet with a request for authentication ('R').
export function answersLogin(port) {
  return new Promise((answer) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('connect', () => socket.write(startupPacket()));
    socket.once('data', (reply) => {
      answer(reply[0] === 'R'.charCodeAt(0));
      socket.destroy();
    });
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}

function startupPacket() {
  const body = Buffer.from(`user\0${USER}\0database\0postgres\0\0`);
  const packet = Buffer.alloc(8 + body.length);
  packet.writeInt32BE(packet.length, 0);
  packet.writeInt32BE(196_608, 4);
  body.copy(packet, 8);
  return packet;
}
