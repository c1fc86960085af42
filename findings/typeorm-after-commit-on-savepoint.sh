#!/usr/bin/env bash
# typeorm 1.1.1 (with sql.js 1.13.0): a subscriber's `afterTransactionCommit` is called when a savepoint is released, while the
# outer transaction is still open. What it then does, for instance sending a message about the new rows, stays done when the
# outer transaction rolls back and the rows never existed.
# Seen: afterTransactionCommit called 1 time(s); rows after the rollback: 0
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact typeorm@1.1.1 sql.js@1.13.0 reflect-metadata@0.2.2 >/dev/null
cat >run.mjs <<'JS'
import 'reflect-metadata';
import { DataSource, EntitySchema } from 'typeorm';
const Note = new EntitySchema({ name: 'note', columns: { id: { type: 'int', primary: true } } });
let committed = 0;
class Listener { afterTransactionCommit() { committed += 1; } }
const source = await new DataSource({ type: 'sqljs', entities: [Note], synchronize: true, subscribers: [] }).initialize();
committed = 0;
source.subscribers.push(new Listener());
await source
  .transaction(async (outer) => {
    await outer.transaction((inner) => inner.insert(Note, { id: 1 })); // a savepoint, released here
    throw new Error('the outer transaction is given up');
  })
  .catch(() => undefined);
console.log(`afterTransactionCommit called ${committed} time(s); rows after the rollback: ${await source.manager.count(Note)}`);
JS
seen=$(node run.mjs); echo "$seen"
[ "$seen" = 'afterTransactionCommit called 1 time(s); rows after the rollback: 0' ] || { echo 'The behaviour has changed.'; exit 1; }
