import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedNode, repositoryRoot } from '../../tools/local/paths.mjs';

const peers = ['bullmq', 'pg-boss', 'graphile-worker'];

/** What ran, for the page: a figure without a version is soon a rumour. */
export async function versionsOf({ managementUrl, databaseUrl, celery }) {
  return {
    'Node.js': spawnSync(pinnedNode(), ['--version'], { encoding: 'utf8' }).stdout.trim().replace('v', ''),
    RabbitMQ: await rabbitMqVersion(managementUrl),
    PostgreSQL: await postgresVersion(databaseUrl),
    Redis: spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout?.match(/v=(\S+)/)?.[1] ?? 'downloaded',
    amqplib: packageVersion('node_modules/amqplib'),
    ...Object.fromEntries(peers.map((name) => [name, packageVersion(`bench/node_modules/${name}`)])),
    ...(celery && { Celery: celery.version }),
  };
}

const packageVersion = (folder) =>
  JSON.parse(readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8')).version;

async function rabbitMqVersion(managementUrl) {
  const { username, password } = new URL(managementUrl);
  const url = Object.assign(new URL('/api/overview', managementUrl), { username: '', password: '' });
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return (await (await fetch(url, { headers: { authorization } })).json()).rabbitmq_version;
}

async function postgresVersion(connectionString) {
  const { default: pg } = await import('pg'); // not there yet when this file is loaded on a fresh clone
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query('SHOW server_version');
  await client.end();
  return rows[0].server_version;
}
