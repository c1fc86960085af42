#!/usr/bin/env bash
# Node 24.16.0: `net.connect({ signal })` adds a listener to the signal that is removed only when the signal fires, not when the socket
# has failed or closed. A client that gives one signal to all its tries, so that it can end whichever is under way, keeps every socket
# that it ever had, with its error and its listeners, for as long as the signal lives; and no warning of
# too many listeners comes. Give each try a signal of its own.
# Seen: see the comparison at the end
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact node@24.16.0 >/dev/null
cat >run.mjs <<'JS'
import { getEventListeners, once } from 'node:events';
import { createServer, connect } from 'node:net';

const server = createServer((socket) => socket.end());
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address();
const shared = new AbortController();
let warnings = 0;
process.on('warning', () => (warnings += 1));

const closedAfter = (options) => new Promise((resolve) => connect(options).on('error', () => undefined).on('close', resolve).resume());
for (let n = 0; n < 50; n += 1) await closedAfter({ port, host: '127.0.0.1', signal: shared.signal });
server.close();
await once(server, 'close');
for (let n = 0; n < 50; n += 1) await closedAfter({ port, host: '127.0.0.1', signal: shared.signal }); // refused
await new Promise((resolve) => setTimeout(resolve, 100));
console.log(`sockets that are closed: 100; listeners of the signal: ${getEventListeners(shared.signal, 'abort').length}; warnings: ${warnings}`);
JS
seen=$(node_modules/.bin/node run.mjs); echo "$seen"
[ "$seen" = 'sockets that are closed: 100; listeners of the signal: 100; warnings: 0' ] || { echo 'The behaviour has changed.'; exit 1; }
