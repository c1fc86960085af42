import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { processesOf } from './leftovers.mjs';
import { repositoryRoot } from './paths.mjs';
import { noProcessOf } from './testing/conditions.mjs';

const children = [];

// The end of its standard input makes a run tear down, should a failed expectation have left it waiting.
afterEach(() => {
  for (const child of children.splice(0)) child.stdin.destroy();
});

test('Two test runs at once get servers of their own; teardown and a signal both leave nothing behind', async () => {
  const [first, second] = await Promise.all([startRun(), startRun()]);
  expect(first.announced.TEST_AMQP_URL).not.toBe(second.announced.TEST_AMQP_URL);
  expect(first.announced).toMatchObject({
    TEST_AMQP_URL: expect.stringMatching(/^amqp:/),
    TEST_DATABASE_URL: expect.stringMatching(/^postgresql:/),
    TEST_MAIL_API_URL: expect.stringMatching(/^http:/),
    TEST_RABBITMQ_MANAGEMENT_URL: expect.stringMatching(/^http:/),
    TEST_RABBITMQ_PROMETHEUS_URL: expect.stringMatching(/^http:/),
    TEST_SMTP_URL: expect.stringMatching(/^smtp:/),
  });
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
  children.push(child);
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, exited, ...JSON.parse(line) };
}

async function expectNothingOf({ directory }) {
  await noProcessOf(directory);
  expect(existsSync(directory)).toBe(false);
}
