import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort, letGo } from '../../tools/local/ports.mjs';
import { startServerProcess } from '../../tools/local/server-process.mjs';
import { makePrivateDirectory, serverUser } from '../../tools/local/unprivileged-user.mjs';
import { libraryDirectories, unpackedPackages } from './debian-packages.mjs';

/** Redis' own default for its append-only file: on disk at most a second after the reply. */
export const redisSettings = { appendonly: 'yes', appendfsync: 'everysec', save: '', 'maxmemory-policy': 'noeviction' };

/** Written over the process's environment, a title would hide whose process it is from what ends the leftovers of a run. */
const keepEnvironment = { 'set-proc-title': 'no' };

/** A private Redis with an append-only file, on 127.0.0.1. It ends with whatever ends the processes of `owner`. */
export async function startRedis({ directory, packages, owner, say, signal }) {
  const binary = installedRedis() ?? (await downloadedRedis({ packages, say, signal }));
  const port = await freePort();
  makePrivateDirectory(directory);
  await letGo([port]);
  const server = startServerProcess({
    name: 'Redis',
    ...binary,
    args: configuration({
      port,
      bind: '127.0.0.1',
      dir: directory,
      daemonize: 'no',
      ...keepEnvironment,
      ...redisSettings,
    }),
    cwd: directory,
    user: serverUser(),
    logFile: join(directory, 'redis.log'),
    owner,
  });
  await server.ready(() => answersPing(port), 20);
  return { redisUrl: `redis://127.0.0.1:${port}`, pid: server.pid };
}

const configuration = (settings) => Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);

function installedRedis() {
  const found = spawnSync('redis-server', ['--version']);
  return found.status === 0 ? { command: 'redis-server', env: { PATH: process.env.PATH } } : undefined;
}

async function downloadedRedis({ packages, say, signal }) {
  const names = ['redis-server'];
  const root = await unpackedPackages({ names, always: /^redis-/, title: 'Redis', packages, say, signal });
  const env = { PATH: process.env.PATH, LD_LIBRARY_PATH: libraryDirectories(root).join(delimiter) };
  return { command: join(root, 'usr/bin/redis-server'), env };
}

function answersPing(port) {
  return new Promise((answer) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => answer(String(reply).startsWith('+PONG')) ?? socket.destroy());
    socket.once('error', () => answer(false));
  });
}
