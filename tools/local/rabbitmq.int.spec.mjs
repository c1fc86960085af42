import { jest } from '@jest/globals';
import { connect } from 'node:net';
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { hasApt } from './apt-download.mjs';
import { killProcessesOf, processesOf } from './leftovers.mjs';
import { freePorts, isFree } from './ports.mjs';
import { temporaryDirectory } from './private-infrastructure.mjs';
import { installedRabbitMq } from './rabbitmq-binaries.mjs';
import { RABBITMQ_PORTS } from './rabbitmq-configuration.mjs';
import { startRabbitMq } from './rabbitmq.mjs';
import { packagesDirectory } from './server-home.mjs';
import { noProcessOf } from './testing/conditions.mjs';

jest.setTimeout(180_000);

const sources = [
  { source: 'installed', missing: installedRabbitMq() ? '' : 'no rabbitmq-server is installed on this machine' },
  { source: 'downloaded', missing: hasApt() ? '' : 'this machine has no apt to download it with' },
];

describe.each(sources)('A private RabbitMQ ($source)', ({ source, missing }) => {
  const run = missing ? test.skip : test;
  const title = (text) => (missing ? `${text} [skipped: ${missing}]` : text);
  let directory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  afterEach(() => {
    killProcessesOf(directory);
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  run(
    title('answers AMQP and its management API, keeps its data over a restart, and leaves no process behind'),
    async () => {
      const rabbitmq = await startRabbitMq({
        directory: join(directory, 'rabbitmq'),
        packages: packagesDirectory(),
        source,
        owner: directory,
      });
      expect(rabbitmq.source).toBe(source);
      expect(await firstFrame(rabbitmq.amqpUrl)).toContain('RabbitMQ');
      await createVhost(rabbitmq, 'kept');

      await rabbitmq.restart();
      expect(await vhosts(rabbitmq)).toContain('kept');
      expect(processesOf(directory).length).toBeGreaterThanOrEqual(2);

      await rabbitmq.stop();
      await noProcessOf(directory);
      expect(await isFree(Number(new URL(rabbitmq.amqpUrl).port))).toBe(true);
    },
  );
});

test('A private RabbitMQ that was killed starts again with its data', async () => {
  const directory = temporaryDirectory();
  const options = { directory: join(directory, 'rabbitmq'), packages: packagesDirectory(), owner: directory };
  const first = await startRabbitMq(options);
  await createVhost(first, 'survivor');
  await first.kill();
  const second = await startRabbitMq(options);
  expect(await vhosts(second)).toContain('survivor');
  expect(second.password).toBe(first.password);
  await second.kill();
  await noProcessOf(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

test('A RabbitMQ that cannot start says so with the end of its log, and leaves no process behind', async () => {
  const directory = temporaryDirectory();
  const ports = { ...(await freePorts(RABBITMQ_PORTS)), amqp: 70_000 }; // No such port exists.
  const start = startRabbitMq({
    directory: join(directory, 'rabbitmq'),
    packages: packagesDirectory(),
    ports,
    owner: directory,
  });
  await expect(start).rejects.toMatchObject({
    message: expect.stringMatching(/RabbitMQ ended with code \d+ before it was ready/),
    log: expect.stringMatching(/\S/),
  });
  await noProcessOf(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

function firstFrame(url) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    socket.once('connect', () => socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1'));
    });
  });
}

const authorization = ({ user, password }) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function createVhost(rabbitmq, name) {
  const headers = { authorization: authorization(rabbitmq) };
  const response = await fetch(`${rabbitmq.managementUrl}/api/vhosts/${name}`, { method: 'PUT', headers });
  expect(response.status).toBe(201);
}

async function vhosts(rabbitmq) {
  const headers = { authorization: authorization(rabbitmq) };
  const response = await fetch(`${rabbitmq.managementUrl}/api/vhosts`, { headers });
  return (await response.json()).map(({ name }) => name);
}
