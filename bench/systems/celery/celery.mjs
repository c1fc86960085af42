import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cases } from '../../catalogue.mjs';
import { supports } from '../catalogue.mjs';
import { emptyRedis } from '../empty-redis.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const casesOf = (name) => Object.keys(cases).filter((caseName) => supports(name, caseName));

/** Celery is no Node program: its cases are measured the same way by a Python program, which answers in the same form. */
const celery = (name, brokerOf) => ({
  name,
  prepare: emptyRedis,
  measurements: Object.fromEntries(
    casesOf(name).map((caseName) => [
      caseName,
      (_, servers, settings) => measure(caseName, settings, servers, brokerOf(servers)),
    ]),
  ),
});

/** Results are not stored: RabbitMQ has no place for them, and the acknowledgement after the run is the outcome. */
export const celeryRabbitMq = celery('celery-rabbitmq', ({ amqpUrl }) => ({ BENCH_BROKER: amqpUrl }));

export const celeryRedis = celery('celery-redis', ({ redisUrl }) => ({
  BENCH_BROKER: `${redisUrl}/0`,
  BENCH_BACKEND: `${redisUrl}/1`,
}));

async function measure(caseName, settings, { celery: { python, environment }, directory }, broker) {
  const child = spawn(python, ['measure.py', caseName, JSON.stringify(settings)], {
    cwd: folder,
    env: { ...process.env, ...environment, ...broker, BENCH_DIRECTORY: directory, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`Celery's measurement ended with ${code}.`);
  return JSON.parse(output.trim().split('\n').at(-1));
}
