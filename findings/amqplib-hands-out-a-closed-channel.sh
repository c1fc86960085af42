#!/usr/bin/env bash
# amqplib 2.3.1: `createConfirmChannel()` (and `createChannel()`) resolve with a channel that is closed already when the server's answer
# and its close arrive together, as they do when a node is shut down while clients open channels and the event loop was busy for a
# moment. Both frames are handled in one go, the caller hears of the channel only afterwards, and no listener that it adds then is
# told of the close any more: it waits for an event that has been. Only the next call on the channel throws. Whoever keeps the
# channel until its `close` keeps it for ever; ask it something at once, or forget it when the connection closes.
# Seen: see the comparison at the end
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact amqplib@2.3.1 >/dev/null
cat >run.cjs <<'JS'
const net = require('node:net');
const amqp = require('amqplib');

const text = (value) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const long = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes; };
const short = (value) => { const bytes = Buffer.alloc(2); bytes.writeUInt16BE(value); return bytes; };
const longText = (value) => Buffer.concat([long(value.length), Buffer.from(value)]);
const method = (channel, group, id, ...fields) => {
  const payload = Buffer.concat([short(group), short(id), ...fields]);
  return Buffer.concat([Buffer.from([1]), short(channel), long(payload.length), payload, Buffer.from([0xce])]);
};

// As much of a server as it takes: each request of the client gets the next answer.
const answers = [
  method(0, 10, 10, Buffer.from([0, 9]), long(0), longText('PLAIN'), longText('en_US')), // connection.start
  method(0, 10, 30, short(10), long(131072), short(0)), // connection.tune
  undefined, // tune-ok is not answered
  method(0, 10, 41, text('')), // connection.open-ok
  method(1, 20, 11, long(0)), // channel.open-ok
  // confirm.select-ok, and at the same time connection.close: the server is shutting down.
  Buffer.concat([method(1, 85, 11), method(0, 10, 50, short(320), text('CONNECTION_FORCED'), short(0), short(0))]),
  method(0, 10, 51), // connection.close-ok, should it come to that
];

const server = net.createServer((socket) => {
  let rest = Buffer.alloc(0);
  let header = true;
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const length = header ? 8 : rest.length < 7 ? Infinity : rest.readUInt32BE(3) + 8;
      if (rest.length < length) return;
      rest = rest.subarray(length);
      header = false;
      const answer = answers.shift();
      if (answer) socket.write(answer);
    }
  });
});

server.listen(0, '127.0.0.1', async () => {
  const connection = await amqp.connect({ hostname: '127.0.0.1', port: server.address().port });
  let closes = 0;
  connection.on('error', () => undefined);
  connection.on('close', () => (closes += 1));
  const channel = await connection.createConfirmChannel();
  let told = 0;
  channel.on('close', () => (told += 1));
  channel.on('error', () => (told += 1));
  await new Promise((resolve) => setTimeout(resolve, 200));
  console.log(`the connection told of its close: ${closes}; the channel, which was handed out all the same: ${told}`);
  try {
    channel.publish('', 'queue', Buffer.from('text'));
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
  }
  server.close();
  process.exit(0);
});
JS
seen=$(node run.cjs); echo "$seen"
[ "$seen" = 'the connection told of its close: 1; the channel, which was handed out all the same: 0
IllegalOperationError: Channel closed' ] || { echo 'The behaviour has changed.'; exit 1; }
