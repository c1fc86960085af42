import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesOf, identityOf } from './leftovers.mjs';
import { takeLock } from './launcher-lock.mjs';
import { OWNER_VARIABLE } from './server-process.mjs';

let directory;
let children;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mentorhub-leftovers-'));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

test('What a killed launcher has left behind is ended, and nothing else', async () => {
  const ours = start({ [OWNER_VARIABLE]: directory });
  const stubborn = start({ [OWNER_VARIABLE]: directory }, "process.on('SIGTERM', () => {});");
  const elsewhere = start({ [OWNER_VARIABLE]: `${directory}-other` });
  const foreign = start({});
  await Promise.all(children.map((child) => child.running));

  expect(await endProcessesOf(directory, 1)).toBe(2);
  await Promise.all([ours.ended, stubborn.ended]);
  expect(elsewhere.exitCode ?? elsewhere.signalCode).toBeNull();
  expect(foreign.exitCode ?? foreign.signalCode).toBeNull();
});

test('A lock of a dead launcher is taken over although its pid now belongs to another process, which stays alive', async () => {
  const foreign = start({});
  await foreign.running;
  const file = join(directory, 'launcher.lock');
  writeFileSync(file, identityOf(foreign.pid).replace(/^(\d+) \d+/, '$1 1'));
  const release = takeLock(file);
  expect(readFileSync(file, 'utf8')).toBe(identityOf(process.pid));
  expect(foreign.exitCode ?? foreign.signalCode).toBeNull();
  release();
});

test('A lock of a live launcher is respected, with a sentence that names its process', async () => {
  const launcher = start({});
  await launcher.running;
  const file = join(directory, 'launcher.lock');
  writeFileSync(file, identityOf(launcher.pid));
  expect(() => takeLock(file)).toThrow(`already runs in this folder (process ${launcher.pid})`);
});

test('An empty lock file, cut off by a crash, keeps nobody out', () => {
  const file = join(directory, 'launcher.lock');
  writeFileSync(file, '');
  takeLock(file)();
});

function start(environment, code = '') {
  const program = `${code} console.log('running'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', program], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.running = new Promise((resolve) => child.stdout.once('data', resolve));
  child.ended = new Promise((resolve) => child.once('exit', resolve));
  children.push(child);
  return child;
}
