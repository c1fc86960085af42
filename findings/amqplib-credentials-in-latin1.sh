#!/usr/bin/env bash
# amqplib 2.3.1 decodes the user and the password of a URL as if their percent signs stood for Latin-1 letters, not for bytes of UTF-8, as
# every URL is written (`encodeURIComponent`, `URL`): the password `pä`, in a URL `p%C3%A4`, is sent as four letters, in UTF-8 again.
# The vhost of the same URL is decoded as UTF-8. RabbitMQ answers that the login was refused, and nothing shows what was sent. Give
# `credentials.plain(decodeURIComponent(…), decodeURIComponent(…))` in the socket options.
# Seen: see the comparison at the end
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact amqplib@2.3.1 >/dev/null
cat >run.cjs <<'JS'
const net = require('node:net');
const amqp = require('amqplib');

const long = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes; };
const longText = (value) => Buffer.concat([long(value.length), Buffer.from(value)]);
const payload = Buffer.concat([Buffer.from([0, 10, 0, 10, 0, 9]), long(0), longText('PLAIN'), longText('en_US')]);
const start = Buffer.concat([Buffer.from([1, 0, 0]), long(payload.length), payload, Buffer.from([0xce])]);

/** Greets as a server does, and gives what the client answers: its frame holds the login as \0user\0password. */
const loginOf = (url, options) =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => {
      let seen = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        seen = Buffer.concat([seen, bytes]);
        if (seen.length === 8) return socket.write(start);
        const at = seen.indexOf('PLAIN') + 5;
        const length = seen.readUInt32BE(at);
        resolve(seen.subarray(at + 5, at + 4 + length).toString('utf8').split('\0'));
        socket.destroy();
        server.close();
      });
    });
    server.listen(0, '127.0.0.1', () => amqp.connect(url(server.address().port), options).catch(() => undefined));
  });

const [user, password] = ['björn', 'pä'];
const url = (port) => `amqp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/`;
(async () => {
  console.log(`meant: ${JSON.stringify([user, password])}`);
  console.log(`sent for the URL: ${JSON.stringify(await loginOf(url))}`);
  console.log(`sent with credentials beside it: ${JSON.stringify(await loginOf(url, { credentials: amqp.credentials.plain(user, password) }))}`);
})();
JS
seen=$(node run.cjs); echo "$seen"
[ "$seen" = 'meant: ["björn","pä"]
sent for the URL: ["bjÃ¶rn","pÃ¤"]
sent with credentials beside it: ["björn","pä"]' ] || { echo 'The behaviour has changed.'; exit 1; }
