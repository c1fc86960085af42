import { writeFileSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, letGo } from './ports.mjs';
import { pgBouncerBinary } from './pgbouncer-binary.mjs';
import { answersLogin } from './postgres.mjs';
import { startServerProcess } from './server-process.mjs';
import { makePrivateDirectory, serverUser } from './unprivileged-user.mjs';

/**
 * A private PgBouncer in transaction pooling before the PostgreSQL at `database` (the URL of a superuser, whose user and
 * password it takes for its own clients too). It listens on 127.0.0.1 only and writes below `directory`.
 *
 * @param {{directory: string, packages?: string, database: string, settings?: Record<string, string | number>, owner?: string, say?: (line: string) => void}} options
 */
export async function startPgBouncer({
  directory,
  packages = directory,
  database,
  settings = {},
  owner = directory,
  say,
}) {
  const command = await pgBouncerBinary({ packages, say });
  const port = await freePort();
  const server = new URL(database);
  makePrivateDirectory(directory);
  configure(directory, server, { listen_port: port, ...settings });

  const launch = async () => {
    await letGo([port]);
    const started = startServerProcess({
      name: 'PgBouncer',
      command,
      args: [join(directory, 'pgbouncer.ini')],
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
      cwd: directory,
      user: serverUser(),
      logFile: join(directory, 'pgbouncer.log'),
      owner,
    });
    try {
      await started.ready(() => answersLogin(port));
    } catch (error) {
      await started.kill();
      throw error;
    }
    return started;
  };

  let running = await launch();
  const url = new URL(database);
  url.port = String(port);
  return {
    url: url.href,
    get pid() {
      return running.pid;
    },
    get processes() {
      return [running];
    },
    stop: () => running.stop('SIGINT'),
    kill: () => running.kill(),
    async start() {
      running = await launch();
    },
    acceptsConnections: () => answersLogin(port),
  };
}

function configure(directory, { hostname, port, username, password }, settings) {
  const lines = Object.entries({
    listen_addr: '127.0.0.1',
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(directory, 'users.txt'),
    pool_mode: 'transaction',
    admin_users: username,
    ...settings,
  }).map(([name, value]) => `${name} = ${value}`);
  write(join(directory, 'users.txt'), `"${username}" "${decodeURIComponent(password)}"\n`);
  write(
    join(directory, 'pgbouncer.ini'),
    ['[databases]', `* = host=${hostname} port=${port || 5432}`, '[pgbouncer]', ...lines, ''].join('\n'),
  );
}

function write(file, content) {
  writeFileSync(file, content, { mode: 0o600 });
  const user = serverUser();
  if (user) chownSync(file, user.uid, user.gid);
}
