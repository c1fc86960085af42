import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeBroker, composeDatabase, hasDockerEngine } from './compose.mjs';

// Stands in for the docker client: no engine runs on most build machines. It answers as docker compose does.
const DOCKER = `#!/bin/sh
echo "$*" >> "$(dirname "$0")/calls"
case "$*" in
  info) exit 0 ;;
  "compose config --format json") echo '{"services": {
    "rabbitmq": {"environment": {"RABBITMQ_DEFAULT_USER": "mentorhub", "RABBITMQ_DEFAULT_PASS": "p@ss"}},
    "postgres": {"environment": {"POSTGRES_USER": "mentorhub", "POSTGRES_PASSWORD": "secret", "POSTGRES_DB": "tasks"}}}}' ;;
  "compose port rabbitmq 5672") echo 0.0.0.0:5673 ;;
  "compose port rabbitmq 15672") echo 127.0.0.1:15673 ;;
  "compose port postgres 5432") echo 127.0.0.1:5433 ;;
esac
`;

let directory;
const path = process.env.PATH;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mentorhub-docker-'));
  writeFileSync(join(directory, 'docker'), DOCKER, { mode: 0o755 });
  process.env.PATH = `${directory}:${path}`;
});

afterEach(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true });
});

test('RabbitMQ and PostgreSQL are started as containers, found at their published ports, and only stopped at the end', async () => {
  expect(hasDockerEngine()).toBe(true);
  const broker = await composeBroker();
  expect(broker).toMatchObject({
    amqp: 'amqp://mentorhub:p%40ss@127.0.0.1:5673',
    management: { url: 'http://127.0.0.1:15673', user: 'mentorhub', password: 'p@ss' },
  });
  const database = await composeDatabase();
  expect(database.url).toBe('postgresql://mentorhub:secret@127.0.0.1:5433/tasks');
  await broker.stop();
  const calls = readFileSync(join(directory, 'calls'), 'utf8');
  expect(calls).toContain('compose up --detach --wait rabbitmq');
  expect(calls).toContain('compose stop rabbitmq');
  expect(calls).not.toMatch(/compose (down|rm)/);
});

test('A docker client without an engine is not taken for one', () => {
  writeFileSync(join(directory, 'docker'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  expect(hasDockerEngine()).toBe(false);
});

test('A container that does not start is reported with what docker said', async () => {
  writeFileSync(join(directory, 'docker'), '#!/bin/sh\necho "port is already allocated" >&2\nexit 1\n', {
    mode: 0o755,
  });
  await expect(composeBroker()).rejects.toMatchObject({
    message: expect.stringContaining('docker compose up'),
    log: expect.stringContaining('already allocated'),
  });
});
