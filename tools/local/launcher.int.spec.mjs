import { jest } from '@jest/globals';
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { identityOf, processesOf } from './leftovers.mjs';
import { noProcessOf } from './testing/conditions.mjs';
import { makeFakeRepository } from './testing/fake-repository.mjs';
import { RunningLauncher, runProgram } from './testing/running-launcher.mjs';
import { answersOk, waitUntil } from './wait.mjs';

jest.setTimeout(600_000);

let repository;
let local;

beforeEach(() => {
  // A folder whose name has spaces and letters of other scripts.
  repository = makeFakeRepository('мой проект x');
  local = join(repository.root, '.local');
});

afterEach(() => repository.discard());

test('npm start brings everything up, SIGTERM stops all of it, and a second start keeps ports, keys and data', async () => {
  const launcher = new RunningLauncher(repository.root);
  const endpoints = await launcher.ready();
  await query(endpoints.database, 'CREATE TABLE kept AS SELECT 1 AS one');
  expect(statSync(join(local, 'endpoints.json')).mode & 0o777).toBe(0o600);
  for (const { health } of Object.values(endpoints.services)) expect(await answersOk(health)).toBe(true);
  const told = await (await fetch(endpoints.services['api-gateway'].health)).json();
  expect(told).toMatchObject({
    ROLE: 'http,worker',
    AMQP_URL: endpoints.amqp,
    DATABASE_URL: endpoints.database,
    SMTP_URL: endpoints.smtp,
  });

  const second = await runProgram(repository.root, 'start.mjs');
  expect(second).toMatchObject({ code: 1, output: expect.stringContaining('already runs in this folder') });
  const reset = await runProgram(repository.root, 'reset.mjs');
  expect(reset).toMatchObject({ code: 1, output: expect.stringContaining('already runs in this folder') });
  expect(await answersOk(endpoints.services['email-service'].health)).toBe(true);

  await launcher.stop();
  expect(launcher.output).toContain('Stopped');
  expect(processesOf(local)).toEqual([]);
  expect(existsSync(join(local, 'endpoints.json'))).toBe(false);

  const again = new RunningLauncher(repository.root);
  expect(await again.ready()).toEqual(endpoints);
  expect(await query(endpoints.database, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  await again.stop('SIGINT');
  expect(processesOf(local)).toEqual([]);
  // Its account is kept, so the next start has to sign up somebody else.
  const signedUp = [launcher, again].map(({ output }) => /"email":"([^"]+)"/.exec(output)[1]);
  expect(new Set(signedUp).size).toBe(2);
});

test('A server that dies is brought back; after a killed launcher the next start ends what was left behind; both keep the data, and reset forgets it', async () => {
  const launcher = new RunningLauncher(repository.root);
  const endpoints = await launcher.ready();
  await query(endpoints.database, 'CREATE TABLE kept AS SELECT 1 AS one');
  const { url, user, password } = endpoints.rabbitmqManagement;
  const credentials = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const answers = {
    'the mail catcher': ['maildev', () => answersOk(endpoints.mailApi)],
    PostgreSQL: ['postgres', () => query(endpoints.database, 'SELECT one FROM kept')],
    RabbitMQ: [
      'beam',
      async () => (await fetch(`${url}/api/overview`, { headers: { authorization: credentials } })).ok,
    ],
  };
  for (const [name, [program, answersAgain]] of Object.entries(answers)) {
    for (const pid of processesOf(local).filter((one) => commandOf(one).includes(program)))
      process.kill(pid, 'SIGKILL');
    await launcher.prints(`Starting ${name} again in 1 s.`);
    await launcher.prints(`${name} is back.`);
    await waitUntil(answersAgain, { what: `${name} answering`, timeoutSeconds: 120 });
  }
  expect(launcher.output.match(/ended with signal SIGKILL\. The end of its log:/g)).toHaveLength(3);

  process.kill(launcherPid(), 'SIGKILL');
  await launcher.exited;
  expect(processesOf(local).length).toBeGreaterThan(4);
  const next = new RunningLauncher(repository.root);
  expect(await next.ready()).toEqual(endpoints);
  expect(next.output).toContain('The last start was killed');
  expect(await query(endpoints.database, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  await next.stop();

  expect(await runProgram(repository.root, 'reset.mjs')).toMatchObject({ code: 0 });
  expect(readdirSync(local).filter((name) => name !== 'packages')).toEqual([]);
});

describe('With servers of the caller', () => {
  let server;
  let environment;

  beforeEach(async () => {
    server = createServer((socket) => socket.destroy());
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${server.address().port}`;
    environment = {
      AMQP_URL: `amqp://${address}`,
      DATABASE_URL: `postgresql://${address}/x`,
      SMTP_URL: `smtp://${address}`,
    };
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test('nothing private is started and the services are told of the caller’s servers', async () => {
    const launcher = new RunningLauncher(repository.root, { environment: { ...environment, HTTP_PORT: '3000' } });
    const endpoints = await launcher.ready();
    expect(launcher.output).toContain('Not heeded: HTTP_PORT. Ports are free ones');
    expect(endpoints).toMatchObject({ amqp: environment.AMQP_URL, database: environment.DATABASE_URL, mail: null });
    expect(existsSync(join(local, 'rabbitmq'))).toBe(false);
    await launcher.stop('SIGINT');
    expect(processesOf(local)).toEqual([]);
  });

  test('a service that crashes is named with the end of its log and started again', async () => {
    const launcher = new RunningLauncher(repository.root, { environment });
    const { health } = (await launcher.ready()).services['email-service'];
    await fetch(health.replace('/health/ready', '/crash')).catch(() => {});
    await launcher.prints('email-service ended with code 7');
    await waitUntil(() => answersOk(health), { what: 'The service being back', timeoutSeconds: 120 });
    await launcher.stop();
  });

  test('npm run dev restarts a service when its built files change', async () => {
    const args = ['tools/local/start.mjs', '--watch'];
    const launcher = new RunningLauncher(repository.root, { program: process.execPath, args, environment });
    const { health } = (await launcher.ready()).services['scheduler-service'];
    const file = 'apps/scheduler-service/dist/main.js';
    const built = readFileSync(join(repository.root, file), 'utf8');
    repository.write(file, built.replace('JSON.stringify(process.env)', "'changed'"));
    const changed = async () => (await (await fetch(health)).text()) === 'changed';
    await waitUntil(changed, { what: 'The changed service', timeoutSeconds: 120 });
    await launcher.stop();
    expect(processesOf(local)).toEqual([]);
  });

  test('npm run dev builds what was made while the compiler did not watch yet', async () => {
    const tsc = [
      '#!/bin/sh',
      'case "$*" in *--watch*) echo "Found 0 errors. Watching for file changes."; exec sleep 600;; esac',
      'echo "built with $*"',
    ];
    repository.write('node_modules/.bin/tsc', tsc.join('\n'), 0o755);
    const args = ['tools/local/start.mjs', '--watch'];
    const launcher = new RunningLauncher(repository.root, { program: process.execPath, args, environment });
    await launcher.prints('built with -b tsconfig.json');
    await launcher.ready();
    await launcher.stop();
    expect(processesOf(local)).toEqual([]);
  });

  test('an installation says every few seconds how far it is', async () => {
    rmSync(join(repository.root, 'node_modules/.package-lock.json'));
    repository.write('package-lock.json', '{ "packages": { "node_modules/maildev": {}, "node_modules/other": {} } }');
    repository.write(
      'npm.mjs',
      `import { existsSync, writeFileSync } from 'node:fs';
       const waiting = setInterval(() => {
         if (!existsSync('enough')) return;
         writeFileSync('node_modules/.package-lock.json', '{}');
         clearInterval(waiting);
       }, 20);`,
    );
    const args = ['tools/local/start.mjs'];
    const npm = { npm_execpath: join(repository.root, 'npm.mjs') };
    const program = { program: process.execPath, args, environment: { ...environment, ...npm } };
    const launcher = new RunningLauncher(repository.root, program);
    await launcher.prints('Installing packages (npm ci) (2 of 2 packages, ');
    repository.write('enough', '');
    await launcher.ready();
    await launcher.stop();
  });

  test('a service that refuses its configuration fails the start, with what it said', async () => {
    const launcher = new RunningLauncher(repository.root, {
      environment: { ...environment, FAKE_BAD_CONFIGURATION: '1' },
    });
    expect(await launcher.exited).toBe(1);
    expect(launcher.output).toMatch(/ended with code 1 before it was ready[^]*MAIL_FROM is not an address/);
    expect(processesOf(local)).toEqual([]);
  });

  test('the end of npm itself stops everything, even when npm had no time to say so', async () => {
    const launcher = new RunningLauncher(repository.root, { environment });
    await launcher.ready();
    const identity = readFileSync(join(local, 'launcher.lock'), 'utf8');
    launcher.child.kill('SIGKILL');
    await waitUntil(() => identityOf(Number.parseInt(identity, 10)) !== identity, {
      what: 'The end of the launcher',
      timeoutSeconds: 120,
    });
    await noProcessOf(local);
  });

  test('a failed build stops the start and shows the end of its output', async () => {
    repository.write('node_modules/.bin/tsc', '#!/bin/sh\necho "main.ts(3,1): error TS1005"\nexit 1\n', 0o755);
    const launcher = new RunningLauncher(repository.root, { environment });
    expect(await launcher.exited).toBe(1);
    expect(launcher.output).toMatch(/The build failed[^]*error TS1005/);
    expect(processesOf(local)).toEqual([]);
  });

  test('a server that does not answer is named by its variable', async () => {
    await new Promise((resolve) => server.close(resolve));
    const launcher = new RunningLauncher(repository.root, { environment });
    expect(await launcher.exited).toBe(1);
    const refusal = /(AMQP|DATABASE|SMTP)_URL points to 127\.0\.0\.1:\d+, where nothing answers.*\n([^]*)$/;
    expect(launcher.output).toMatch(refusal);
    expect(refusal.exec(launcher.output)[2].trim()).toBe('');
  });

  test('one whose URL is not of its kind is refused before anything is done', async () => {
    const launcher = new RunningLauncher(repository.root, {
      environment: { ...environment, DATABASE_URL: environment.DATABASE_URL.replace('postgresql', 'http') },
    });
    expect(await launcher.exited).toBe(1);
    expect(launcher.output).toContain('DATABASE_URL is not a URL that starts with postgres:// or postgresql://.');
    expect(launcher.output).not.toMatch(/^[…✓✗]/m);
  });
});

test('SIGTERM in the middle of a start leaves no process behind', async () => {
  const launcher = new RunningLauncher(repository.root);
  await launcher.prints('Starting PostgreSQL');
  await launcher.stop();
  expect(processesOf(local)).toEqual([]);
  expect(existsSync(join(local, 'launcher.lock'))).toBe(false);
});

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // It ended together with another.
  }
}

const launcherPid = () => Number.parseInt(readFileSync(join(local, 'launcher.lock'), 'utf8'), 10);

async function query(connectionString, text) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
