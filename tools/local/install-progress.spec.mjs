import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installProgress } from './install-progress.mjs';

let directory;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mentorhub-install-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

test('How far npm is counts the packages that are there, of those that belong on this machine', () => {
  const lock = join(directory, 'package-lock.json');
  const packages = {
    '': {},
    'apps/one': {},
    'node_modules/a': {},
    'node_modules/@scope/b': { os: [process.platform], cpu: [process.arch] },
    'node_modules/a/node_modules/deeper': {},
    'node_modules/elsewhere': { os: ['not-this-one'] },
  };
  writeFileSync(lock, JSON.stringify({ packages }));
  const modules = join(directory, 'node_modules');
  const progress = installProgress(lock, modules);
  expect(progress()).toBe('0 of 2 packages');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  mkdirSync(join(modules, '@scope/b'), { recursive: true });
  expect(progress()).toBe('1 of 2 packages');
  mkdirSync(join(modules, 'a'));
  expect(progress()).toBe('2 of 2 packages');
});
