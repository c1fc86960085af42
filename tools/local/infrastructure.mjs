import { connect } from 'node:net';
import { join } from 'node:path';
import { composeBroker, composeDatabase, hasDockerEngine } from './compose.mjs';
import { startMailCatcher } from './mail-catcher.mjs';
import { packageDirectory } from './paths.mjs';
import { postgresPackage } from './postgres-binaries.mjs';
import { startPostgres } from './postgres.mjs';
import { describeRabbitMq } from './rabbitmq-binaries.mjs';
import { wantedSeries } from './rabbitmq-series.mjs';
import { startRabbitMq } from './rabbitmq.mjs';
import { SetupError } from './setup-error.mjs';
import { waitUntil } from './wait.mjs';

/*
 * Where each server comes from, in this order: the caller's URL; a private one; a container of docker-compose.yml.
 * Each function resolves to what the services and endpoints.json need, and to `stop` if there is something of ours to stop, or
 * `running` if it can also be started again.
 */

export async function broker({ home, owner, ports, binaries, signal }) {
  if (process.env.AMQP_URL) {
    await mustAnswer('AMQP_URL', 5672, signal);
    return { from: 'AMQP_URL', amqp: process.env.AMQP_URL, management: managementFromEnvironment() };
  }
  if (binaries) {
    // Neither version reads what the other wrote.
    const series = wantedSeries();
    const directory = join(home, series ? `rabbitmq-${series}` : 'rabbitmq');
    const rabbitmq = await startRabbitMq({ directory, binaries, ports, owner });
    const management = { url: rabbitmq.managementUrl, user: rabbitmq.user, password: rabbitmq.password };
    return { from: `${describeRabbitMq(binaries)}, private`, amqp: rabbitmq.amqpUrl, management, running: rabbitmq };
  }
  if (hasDockerEngine()) return composeBroker();
  throw new SetupError(
    'No RabbitMQ: install the package rabbitmq-server, or start Docker, or set AMQP_URL to a RabbitMQ of yours.',
  );
}

export async function database({ home, owner, port, signal }) {
  if (process.env.DATABASE_URL) {
    await mustAnswer('DATABASE_URL', 5432, signal);
    return { from: 'DATABASE_URL', url: process.env.DATABASE_URL };
  }
  if (packageDirectory(postgresPackage) || !hasDockerEngine()) {
    const postgres = await startPostgres({
      directory: join(home, 'postgres'),
      copies: join(home, 'packages'),
      port,
      owner,
    });
    return { from: 'private', url: postgres.url, running: postgres };
  }
  return composeDatabase();
}

// Far more mails than anybody reads, few enough to be loaded in moments at the next start.
const MAILS_KEPT = 20_000;

export async function mail({ local, owner, ports, signal }) {
  if (process.env.SMTP_URL) {
    await mustAnswer('SMTP_URL', 25, signal);
    return {
      from: 'SMTP_URL',
      smtp: process.env.SMTP_URL,
      page: process.env.MAIL_PAGE_URL,
      api: process.env.MAIL_API_URL,
    };
  }
  const catcher = await startMailCatcher({ directory: join(local, 'mail'), ports, keep: MAILS_KEPT, owner });
  const { smtpUrl: smtp, pageUrl: page, apiUrl: api } = catcher;
  return { from: 'private', smtp, page, api, running: catcher };
}

function managementFromEnvironment() {
  if (!process.env.RABBITMQ_MANAGEMENT_URL) return undefined;
  const url = new URL(process.env.RABBITMQ_MANAGEMENT_URL);
  return { url: url.origin, user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

const schemesOf = {
  AMQP_URL: ['amqp:', 'amqps:'],
  DATABASE_URL: ['postgres:', 'postgresql:'],
  SMTP_URL: ['smtp:', 'smtps:'],
};

/** @throws {SetupError} when a variable of the caller cannot be the URL of such a server */
export function checkUrls(environment = process.env) {
  for (const [variable, schemes] of Object.entries(schemesOf)) {
    if (!environment[variable]) continue;
    for (const text of listed(variable, environment[variable])) {
      if (URL.canParse(text) && schemes.some((scheme) => text.startsWith(`${scheme}//`))) continue;
      throw new SetupError(
        `${variable} is not a URL that starts with ${schemes.join('// or ')}//. Correct it, or unset it to get a private server.`,
      );
    }
  }
}

/** Several brokers may be listed. */
const listed = (variable, text) =>
  variable === 'AMQP_URL'
    ? text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean)
    : [text];

async function mustAnswer(variable, usualPort, signal) {
  // One that answers is enough to go on.
  const addresses = listed(variable, process.env[variable]).map((text) => addressOf(text, usualPort));
  const answersNow = async () => (await Promise.all(addresses.map(canConnect))).includes(true);
  await waitUntil(answersNow, { what: 'an answer', timeoutSeconds: 10, everyMilliseconds: 500, signal }).catch(
    (cause) => {
      signal?.throwIfAborted();
      const places = addresses.map(({ host, port }) => `${host}:${port}`).join(', ');
      throw new SetupError(
        `${variable} points to ${places}, where nothing answers. Start that server, or unset ${variable}.`,
        { cause },
      );
    },
  );
}

function addressOf(text, usualPort) {
  const { hostname, port } = new URL(text);
  return { host: hostname.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port) || usualPort };
}

function canConnect(address) {
  return new Promise((answer) => {
    const socket = connect({ ...address, timeout: 2000 });
    socket.once('connect', () => answer(true));
    for (const event of ['error', 'timeout', 'connect']) socket.once(event, () => socket.destroy());
    socket.once('close', () => answer(false));
  });
}
