import { connect } from 'node:net';
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { killProcessesOf, processesOf } from './leftovers.mjs';
import { freePorts, isFree } from './ports.mjs';
import { temporaryDirectory } from './private-infrastructure.mjs';
import { installedRabbitMq } from './rabbitmq-binaries.mjs';
import { RABBITMQ_PORTS } from './rabbitmq-configuration.mjs';
import { noDownload } from './rabbitmq-download.mjs';
import { isOfSeries, NEWER_SERIES, wantedSeries } from './rabbitmq-series.mjs';
import { startRabbitMq } from './rabbitmq.mjs';
import { packagesDirectory } from './server-home.mjs';
import { noProcessOf } from './testing/conditions.mjs';

// With RABBITMQ_SERIES all are of that series. The download of what the distribution has takes part in the full run, and where nothing
// is installed.
const series = wantedSeries();
const notInstalled = series ? `RabbitMQ ${series} or newer is not installed` : 'no rabbitmq-server is installed';
const sources = [
  { source: 'installed', series, missing: installedRabbitMq(series) ? '' : `${notInstalled} on this machine` },
  ...(process.env.MENTORHUB_TEST_FULL || !installedRabbitMq(series)
    ? [{ source: 'downloaded', series, missing: noDownload(series) }]
    : []),
  { source: 'downloaded', series: NEWER_SERIES, missing: noDownload(NEWER_SERIES) },
];

describe.each(sources)('A private RabbitMQ ($source, series $series)', ({ source, series, missing }) => {
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
    title('answers AMQP and its management API, keeps its data though it was killed, and leaves no process behind'),
    async () => {
      const rabbitmq = await startRabbitMq({
        directory: join(directory, 'rabbitmq'),
        packages: packagesDirectory(),
        source,
        series,
        owner: directory,
      });
      expect(rabbitmq.source).toBe(source);
      expect(isOfSeries(rabbitmq.version, series)).toBe(true);
      expect(await rabbitmq.control('version')).toContain(rabbitmq.version);
      expect(await firstFrame(rabbitmq.amqpUrl)).toContain('RabbitMQ');
      await createVhost(rabbitmq, 'kept');

      await rabbitmq.kill();
      await rabbitmq.start();
      expect(await vhosts(rabbitmq)).toContain('kept');
      expect(processesOf(directory).length).toBeGreaterThanOrEqual(2);

      await rabbitmq.stop();
      await noProcessOf(directory);
      expect(await isFree(Number(new URL(rabbitmq.amqpUrl).port))).toBe(true);
    },
  );
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
