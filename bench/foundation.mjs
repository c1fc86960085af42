/**
 * Measures the running platform (`npm start`) from outside: sign-ups to mails, and the rate at which tasks are accepted.
 * Run it with `node bench/foundation.mjs`; it prints one JSON line. Load goes to the local platform alone.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sequential: { type: 'string', default: '500' },
    parallel: { type: 'string', default: '2000' },
    concurrency: { type: 'string', default: '32' },
    tasks: { type: 'string', default: '3000' },
    bulks: { type: 'string', default: '20' },
    endpoints: { type: 'string', default: '.local/endpoints.json' },
  },
});
const endpoints = JSON.parse(await readFile(values.endpoints, 'utf8'));
const run = Date.now().toString(36);

const post = async (path, body) => {
  const response = await fetch(`${endpoints.gateway}/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${endpoints.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
};

const mailCount = async (search = '') =>
  (await (await fetch(`${endpoints.mailApi}/summary?limit=1&search=${encodeURIComponent(search)}`)).json()).total;
const addressOf = (n, part) => `${part}${n}.${run}@example.com`;
const signUp = (n, part) => post('/users', { email: addressOf(n, part), username: `${part}${n}-${run}` });

async function until(condition, what) {
  const deadline = Date.now() + 120_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited 120 s for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Calls `work(n)` for n from 0 to `count` - 1, `width` at once. */
async function inParallel(count, width, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const rounded = (value) => Math.round(value * 10) / 10;

async function requestToMail(count) {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const seconds = await timed(async () => {
      await signUp(n, 's');
      const address = addressOf(n, 's');
      await until(async () => (await mailCount(address)) > 0, `the mail to ${address}`);
    });
    times.push(seconds * 1000);
  }
  times.sort((a, b) => a - b);
  return { p50Ms: rounded(percentile(times, 0.5)), p99Ms: rounded(percentile(times, 0.99)) };
}

async function signUpRate(count, width) {
  const before = await mailCount();
  const accepting = await timed(() => inParallel(count, width, (n) => signUp(n, 'p')));
  const draining = await timed(() => until(async () => (await mailCount()) - before >= count, `${count} mails`));
  const mails = (await mailCount()) - before;
  return {
    users: count,
    mails,
    perSecond: rounded(count / accepting),
    mailsPerSecond: rounded(count / (accepting + draining)),
  };
}

const task = (n) => ({ task: 'accounts.request-password-reset', payload: { email: `nobody${n}.${run}@example.com` } });

async function acceptRate(count, width) {
  return rounded(count / (await timed(() => inParallel(count, width, (n) => post('/tasks', task(n))))));
}

async function bulkRate(requests, width) {
  const tasks = Array.from({ length: 1000 }, (_, n) => task(n));
  const seconds = await timed(() => inParallel(requests, width, () => post('/tasks/bulk', { tasks })));
  return rounded((requests * 1000) / seconds);
}

const residentMiB = async () => {
  const memory = {};
  for (const [name, { metrics }] of Object.entries(endpoints.services)) {
    const text = await (await fetch(metrics)).text();
    memory[name] = Math.round(Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 2 ** 20);
  }
  return memory;
};

const width = Number(values.concurrency);
const atRest = await residentMiB();
const results = {
  at: new Date().toISOString(),
  residentMiBAtRest: atRest,
  requestToMail: await requestToMail(Number(values.sequential)),
  signUps: await signUpRate(Number(values.parallel), width),
  tasksAcceptedPerSecond: await acceptRate(Number(values.tasks), width),
  bulkTasksAcceptedPerSecond: await bulkRate(Number(values.bulks), 2),
  residentMiBAfter: await residentMiB(),
};
console.log(JSON.stringify(results));
