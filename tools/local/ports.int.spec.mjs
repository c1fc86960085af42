import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFree, keptPorts, letGo } from './ports.mjs';

let directory;
let file;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mentorhub-ports-'));
  file = join(directory, 'ports.json');
});

afterEach(() => rmSync(directory, { recursive: true }));

test('Ports are chosen once and kept for the next start', async () => {
  const first = await keptPorts(file, ['gateway', 'amqp'], fail);
  const second = await keptPorts(file, ['gateway', 'amqp', 'mail'], fail);
  expect(second).toMatchObject(first);
  expect(new Set(Object.values(second)).size).toBe(3);
});

test('A kept port that another program has taken meanwhile is replaced, which is said, and the new one is kept', async () => {
  const first = await keptPorts(file, ['gateway', 'amqp'], fail);
  await letGo(Object.values(first));
  const other = createServer();
  await new Promise((resolve) => other.listen(first.gateway, '127.0.0.1', resolve));
  const said = [];
  const second = await keptPorts(file, ['gateway', 'amqp'], (line) => said.push(line));
  await new Promise((resolve) => other.close(resolve));
  expect(second.gateway).not.toBe(first.gateway);
  expect(second.amqp).toBe(first.amqp);
  expect(said).toEqual([expect.stringContaining(`Port ${first.gateway} (gateway) is taken by another program`)]);
  expect(await keptPorts(file, ['gateway'], fail)).toEqual(second);
});

test('A chosen port is occupied until its program is about to start, so that nobody else chooses it meanwhile', async () => {
  const { gateway } = await keptPorts(file, ['gateway'], fail);
  expect(await isFree(gateway)).toBe(false);
  await letGo([gateway]);
  expect(await isFree(gateway)).toBe(true);
});

test('A file of ports that a crash cut off is replaced', async () => {
  writeFileSync(file, '{"gateway": 2');
  expect(await keptPorts(file, ['gateway'], fail)).toEqual({ gateway: expect.any(Number) });
});

function fail(line) {
  throw new Error(`Nothing should be said, but was: ${line}`);
}
