import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

// Below the range that the kernel gives to outgoing connections (32768 and up): a port kept for the next start is not
// taken by chance in the meantime.
const LOWEST = 12_000;
const HIGHEST = 32_000;

// A chosen port is occupied by ourselves until its program is about to start: another run that looks for free ports in the
// seconds between would choose it too.
const held = new Map();

/** Whether something could listen on this port of 127.0.0.1 right now. */
export async function isFree(port) {
  const server = await listenOn(port);
  if (server) await close(server);
  return server !== undefined;
}

/** Frees chosen ports for the programs that are now started on them. Ports that are not held are left alone. */
export async function letGo(ports) {
  const servers = ports.map((port) => held.get(port)).filter(Boolean);
  for (const port of ports) held.delete(port);
  await Promise.all(servers.map(close));
}

/** A random free port, held until `letGo`. */
export async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!held.has(port) && (await hold(port))) return port;
  }
  throw new Error(`No free port was found between ${LOWEST} and ${HIGHEST} on 127.0.0.1.`);
}

async function hold(port) {
  if (held.has(port)) return true;
  const server = await listenOn(port);
  if (server) held.set(port, server);
  return server !== undefined;
}

function listenOn(port) {
  return new Promise((answer) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', () => answer(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => answer(server));
  });
}

const close = (server) => new Promise((closed) => server.close(closed));

/** One free port for each name, held until `letGo`. */
export async function freePorts(names) {
  return keepFree({}, names, () => {});
}

/**
 * The ports kept in `file` for these names; new ones for names that have none yet or whose port is now taken by
 * somebody else, which `say` is told about. All are held until `letGo`. Call it only when none of our own servers runs.
 */
export async function keptPorts(file, names, say) {
  const kept = readPorts(file);
  const ports = { ...kept, ...(await keepFree(kept, names, say)) };
  writeFileSync(`${file}.new`, `${JSON.stringify(ports, null, 2)}\n`);
  renameSync(`${file}.new`, file);
  return ports;
}

async function keepFree(kept, names, say) {
  const ports = {};
  for (const name of names) {
    if (kept[name] && (await hold(kept[name]))) {
      ports[name] = kept[name];
      continue;
    }
    ports[name] = await freePort();
    if (kept[name]) say(`Port ${kept[name]} (${name}) is taken by another program; using ${ports[name]} from now on.`);
  }
  return ports;
}

function readPorts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {}; // Missing, or cut off by a crash: ports are chosen again.
  }
}
