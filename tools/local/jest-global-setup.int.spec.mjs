import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { processesOf } from './leftovers.mjs';
import { repositoryRoot } from './paths.mjs';
import { noProcessOf } from './testing/conditions.mjs';

jest.setTimeout(120_000);

test('Two test runs at once get servers of their own; teardown and a signal both leave nothing behind', async () => {
  const [first, second] = await Promise.all([startRun(), startRun()]);
  expect(first.announced.TEST_AMQP_URL).not.toBe(second.announced.TEST_AMQP_URL);
  expect(Object.keys(first.announced).sort()).toEqual([
    'TEST_AMQP_URL',
    'TEST_DATABASE_URL',
    'TEST_MAIL_API_URL',
    'TEST_RABBITMQ_MANAGEMENT_URL',
    'TEST_RABBITMQ_PROMETHEUS_URL',
    'TEST_SMTP_URL',
  ]);
  first.child.stdin.write('tear down\n');
  second.child.kill('SIGTERM');
  await Promise.all([first.exited, second.exited]);
  await expectNothingOf(first);
  await expectNothingOf(second);
});

test('What a killed test run left behind is cleared away by the next', async () => {
  const killed = await startRun();
  killed.child.kill('SIGKILL');
  await killed.exited;
  expect(processesOf(killed.directory).length).toBeGreaterThan(0);
  const next = await startRun();
  await expectNothingOf(killed);
  next.child.kill('SIGINT');
  await next.exited;
  await expectNothingOf(next);
});

async function startRun() {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TEST_|NODE_OPTIONS)/.test(name));
  const child = spawn(process.execPath, [join(repositoryRoot, 'tools/local/testing/jest-run.mjs')], {
    env: Object.fromEntries(inherited),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, exited, ...JSON.parse(line) };
}

async function expectNothingOf({ directory }) {
  await noProcessOf(directory);
  expect(existsSync(directory)).toBe(false);
}
