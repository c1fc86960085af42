import { spawnSync } from 'node:child_process';
import { repositoryRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

/** Whether a Docker engine answers; the client alone is not enough. */
export function hasDockerEngine() {
  return spawnSync('docker', ['info'], { env: process.env, stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** RabbitMQ as the service `rabbitmq` of docker-compose.yml. */
export async function composeBroker() {
  const { RABBITMQ_DEFAULT_USER: user, RABBITMQ_DEFAULT_PASS: password } = start('rabbitmq');
  const amqp = `amqp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${addressOf('rabbitmq', 5672)}`;
  const management = { url: `http://${addressOf('rabbitmq', 15672)}`, user, password };
  return { from: 'docker compose', amqp, management, stop: () => stop('rabbitmq') };
}

/** PostgreSQL as the service `postgres` of docker-compose.yml. */
export async function composeDatabase() {
  const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: name = user } = start('postgres');
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const url = `postgresql://${credentials}@${addressOf('postgres', 5432)}/${name}`;
  return { from: 'docker compose', url, stop: () => stop('postgres') };
}

// Containers keep their data in volumes; they are stopped, never removed.
function start(service) {
  compose('up', '--detach', '--wait', service);
  return JSON.parse(compose('config', '--format', 'json')).services[service].environment;
}

async function stop(service) {
  compose('stop', service);
}

// Asked, not assumed: an override file may publish other ports.
function addressOf(service, port) {
  return compose('port', service, String(port)).trim().replace('0.0.0.0', '127.0.0.1');
}

function compose(...args) {
  const result = spawnSync('docker', ['compose', ...args], { cwd: repositoryRoot, env: process.env, encoding: 'utf8' });
  if (result.status === 0) return result.stdout;
  throw new SetupError(`"docker compose ${args.join(' ')}" failed:`, { log: result.stderr || result.error?.message });
}
