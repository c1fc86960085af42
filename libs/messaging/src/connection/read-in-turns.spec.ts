import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as timer } from 'node:timers/promises';
import { readInTurns } from './read-in-turns.js';

const chunk = 65_536;
const chunks = 200;
const handlingMs = 4;

/** A process of its own, as RabbitMQ is: it sends while its peer is busy. It says its port, and ends with its client. */
const feeder = `
  const server = require('node:net').createServer((peer) => {
    for (let n = 0; n < ${chunks}; n += 1) peer.write(Buffer.alloc(${chunk}, n));
    peer.end();
    server.close();
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

/** A socket over which more comes at once than its reader can handle for most of a second. */
async function busySocket(): Promise<Socket> {
  const child = spawn(process.execPath, ['-e', feeder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(child.stdout, 'data');
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Reads as amqplib does: all that is there, and what it brings is handled at once. */
function handleAll(socket: Socket, handle: (bytes: Buffer) => void): Promise<unknown> {
  socket.on('readable', () => {
    for (let bytes = socket.read(); bytes !== null; bytes = socket.read()) handle(bytes as Buffer);
  });
  return once(socket, 'end');
}

const work = () => {
  const until = performance.now() + handlingMs;
  while (performance.now() < until);
};

/** Between two turns of a timer, how many reads there were at most. */
async function mostReadsInARow(socket: Socket): Promise<{ most: number; received: Buffer }> {
  const received: Buffer[] = [];
  let most = 0;
  let inARow = 0;
  let ended = false;
  const end = handleAll(socket, (bytes) => {
    received.push(bytes);
    most = Math.max(most, (inARow += 1));
    work();
  }).then(() => (ended = true));
  while (!ended) {
    await timer(1);
    inARow = 0;
  }
  await end;
  return { most, received: Buffer.concat(received) };
}

describe('A socket that is read in turns', () => {
  it('lets timers ring while more comes than can be handled, and gives all of it in order', async () => {
    const socket = await busySocket();
    readInTurns(socket);
    const { most, received } = await mostReadsInARow(socket);
    // A turn of 10 ms has room for three reads of 4 ms, and a second may come before the timer; without turns, 8 to 32 were seen.
    expect(most).toBeLessThanOrEqual(6);
    const sent = Buffer.concat(Array.from({ length: chunks }, (_, n) => Buffer.alloc(chunk, n)));
    expect(received.equals(sent)).toBe(true);
  });
});
