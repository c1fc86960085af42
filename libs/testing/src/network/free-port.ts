import { createServer } from 'node:net';

// Below the range from which the kernel takes the ports of outgoing connections: a port found free there
// would otherwise be lost to somebody's client socket before the service under test binds it.
const lowest = 15_000;
const portsOfOneWorker = 1_000;
const workers = 16;

let next = Math.floor(Math.random() * portsOfOneWorker);

/** A TCP port that nobody listens on. Workers of one jest run take theirs from separate ranges. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < portsOfOneWorker; tries++) {
    const port = lowest + worker() * portsOfOneWorker + (next++ % portsOfOneWorker);
    if (await canListen(port)) return port;
  }
  throw new Error(`No free TCP port was found from ${lowest + worker() * portsOfOneWorker} upwards.`);
}

function worker(): number {
  return Number(process.env['JEST_WORKER_ID'] ?? process.pid) % workers;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
