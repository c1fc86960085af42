import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { freePort, startTcpProxy } from '@mentorhub/testing';
import { repositoryRoot } from '../../tools/local/paths.mjs';
import { OWNER_VARIABLE } from '../../tools/local/server-process.mjs';
import { waitUntil } from '../../tools/local/wait.mjs';
import { ManagedProcess } from './managed-process.mjs';

const inherited = ['PATH', 'HOME', 'LANG', 'TZ'];
const script = (file) => ['--enable-source-maps', join(repositoryRoot, 'chaos/processes', file)];
const analytics = ['--enable-source-maps', join(repositoryRoot, 'apps/analytics-service/dist/main.js')];

/**
 * The processes of a run: workers, gateways, and analytics-service, which projects task events and takes in dead letters.
 * Each reaches the broker and the database through proxies of its own, so that its network alone can be broken.
 */
export class Fleet {
  members = new Map();
  payloadKey = randomBytes(32).toString('base64');

  constructor(servers, { workers, gateways }) {
    Object.assign(this, { servers, workers, gateways });
    this.logs = join(servers.directory, 'logs');
  }

  /** Makes the processes, to be started by `launch`. */
  async prepare() {
    mkdirSync(this.logs, { recursive: true });
    for (let n = 0; n < this.workers; n += 1) await this.add(`worker-${n}`, { args: script('worker.mjs') });
    for (let n = 0; n < this.gateways; n += 1)
      await this.add(`gateway-${n}`, { args: script('gateway.mjs'), ipc: true });
    await this.add('projector', { args: analytics, env: { QUEUES: 'task-events,dead-letters' } });
  }

  /** Starts all and waits until all are ready. */
  async launch(signal) {
    for (const { process } of this.members.values()) process.start();
    await this.untilReady(signal);
  }

  /** Also one that a fault has just ended comes back. */
  async untilReady(signal) {
    const processes = [...this.members.values()].map(({ process }) => process);
    const ready = async () => (await Promise.all(processes.map(({ isReady }) => isReady))).every(Boolean);
    await waitUntil(ready, { what: 'All processes ready', timeoutSeconds: 300, everyMilliseconds: 200, signal });
  }

  /** Waits for one process; it is no fault of the run when that takes too long, as with a poison task about. */
  isReadyWithin(name, timeoutSeconds) {
    const what = `${name} ready`;
    return waitUntil(() => this.process(name).isReady, { what, timeoutSeconds }).catch(() => false);
  }

  process(name) {
    return this.members.get(name).process;
  }

  proxy(name, server) {
    return this.members.get(name).proxies[server];
  }

  all(role) {
    return [...this.members.values()].map(({ process }) => process).filter(({ name }) => name.startsWith(role));
  }

  /** Stops all for good; a sentence about each that did not end in order. */
  async retire() {
    const processes = [...this.members.values()].map(({ process }) => process);
    const ends = await Promise.all(processes.map((process) => process.retire()));
    return processes.flatMap((process, index) => {
      const { code, signal } = ends[index];
      if (code === 0) return [];
      return [`${process.name} ended by ${signal ?? `code ${code}`} when it was asked to. ${process.lastWords()}`];
    });
  }

  async closeProxies() {
    for (const { proxies } of this.members.values()) for (const proxy of Object.values(proxies)) await proxy.close();
  }

  async add(name, { args, ipc = false, env = {} }) {
    const { broker, database, smtp, directory } = this.servers;
    const proxies = { broker: await startTcpProxy(broker.amqpUrl), database: await startTcpProxy(database.url) };
    const own = {
      [OWNER_VARIABLE]: directory,
      INSTANCE_NAME: name,
      AMQP_URL: proxies.broker.url,
      DATABASE_URL: proxies.database.url,
      SMTP_URL: smtp.url,
      PAYLOAD_KEYS: `chaos:${this.payloadKey}`,
      HOST: '127.0.0.1',
      METRICS_PORT: String(await freePort()),
      LOG_LEVEL: 'warn',
      ...env,
    };
    const options = { name, args, ipc, env: { ...environment(), ...own }, logFile: join(this.logs, `${name}.log`) };
    this.members.set(name, { process: new ManagedProcess(options), proxies });
  }
}

const environment = () =>
  Object.fromEntries(inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
