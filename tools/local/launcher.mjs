import { setMaxListeners } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { announce, endpointsOf, writeEndpoints } from './endpoints.mjs';
import { serviceEnvironment, workspaceEnvironment } from './environment.mjs';
import { broker, checkUrls, database, mail } from './infrastructure.mjs';
import { installing, isInstalled } from './install.mjs';
import { endProcessesOf, killProcessesOf } from './leftovers.mjs';
import { takeLock } from './launcher-lock.mjs';
import { MAIL_PORTS } from './mail-catcher.mjs';
import { localDirectory, nodeModules, pinnedNode, repositoryRoot } from './paths.mjs';
import { keptPorts, letGo } from './ports.mjs';
import { say, step, yellow } from './progress.mjs';
import { describeRabbitMq, rabbitMqBinaries } from './rabbitmq-binaries.mjs';
import { RABBITMQ_PORTS } from './rabbitmq-configuration.mjs';
import { runCommand } from './run-command.mjs';
import { keptSecrets } from './secrets.mjs';
import { serverHome } from './server-home.mjs';
import { SERVICE_PORTS, migrationArguments, serviceArguments, services } from './services.mjs';
import { SupervisedService } from './supervised-service.mjs';
import { SupervisedServer } from './supervised-server.mjs';
import { TypeScriptWatch } from './typescript-watch.mjs';

const UNHEEDED = ['HTTP_PORT', 'METRICS_PORT'];
const HOW_PORTS_ARE_CHOSEN = 'Ports are free ones, chosen once and kept in .local/ports.json; change them there.';
const owner = localDirectory;
const at = (...names) => join(localDirectory, ...names);
const endpointsFile = at('endpoints.json');
const logOf = (name) => at('logs', `${name}.log`);

/**
 * Brings the whole platform up and down:
 * 1. takes the folder's lock and ends what a killed launcher left behind;
 * 2. installs packages while RabbitMQ is being downloaded;
 * 3. builds and migrates while RabbitMQ, PostgreSQL and the mail catcher start;
 * 4. starts the services, waits until all are ready, writes endpoints.json;
 * 5. brings back a server or a service that ends unasked.
 * `stop` undoes this from any point on: services first, since they need the servers to finish their work.
 */
export class Launcher {
  #pending = [];
  #servers = [];
  #services = [];
  #releaseLock;
  #stopping = new AbortController();

  constructor({ watch, signal }) {
    this.watch = watch;
    // After the first failure as after Ctrl-C: what is still on its way ends, and says nothing more.
    this.signal = AbortSignal.any([signal, this.#stopping.signal]);
    setMaxListeners(0, this.signal);
  }

  async start() {
    checkUrls();
    this.#releaseLock = takeLock(at('launcher.lock'));
    rmSync(endpointsFile, { force: true });
    await this.#endLeftovers();
    const secrets = keptSecrets(at('secrets.json'));
    this.home = serverHome();
    if (this.home !== localDirectory)
      say(yellow(`The servers cannot work below this folder, so they keep their data in ${this.home}.`));
    const unheeded = UNHEEDED.filter((name) => process.env[name]);
    if (unheeded.length > 0) say(yellow(`Not heeded: ${unheeded.join(', ')}. ${HOW_PORTS_ARE_CHOSEN}`));
    const names = [...SERVICE_PORTS, ...RABBITMQ_PORTS, ...MAIL_PORTS, 'postgres'];
    const ports = await keptPorts(at('ports.json'), names, (line) => say(yellow(line)));

    const [binaries] = await this.#together(this.#fetchRabbitMq(), this.#install());
    this.signal.throwIfAborted();
    const starting = this.#startServers(ports, binaries);
    const migrated = this.#buildAndMigrate(starting[1], { ports, secrets });
    const [startedBroker, startedDatabase, startedMail] = await this.#together(...starting, migrated);
    this.signal.throwIfAborted();
    const servers = { broker: startedBroker, database: startedDatabase, mail: startedMail };
    const urls = { amqp: servers.broker.amqp, database: servers.database.url, smtp: servers.mail.smtp };
    const environmentOf = (service) => serviceEnvironment(service, { ports, secrets, urls });
    await this.#step('Starting the services', () => this.#startServices(ports, environmentOf));
    const endpoints = endpointsOf({ ports, secrets, servers });
    writeEndpoints(endpointsFile, endpoints);
    announce(endpoints);
  }

  async stop() {
    this.#stopping.abort();
    if (!this.#releaseLock) return; // What runs here is another launcher's.
    rmSync(endpointsFile, { force: true });
    await Promise.all(this.#services.map((service) => service.stop()));
    // What was just being started becomes known when it has started; past that patience the sweep below finds it.
    await Promise.race([Promise.allSettled(this.#pending), delay(15_000, undefined, { ref: false })]);
    await Promise.allSettled(this.#servers.map((server) => server.stop()));
    await endProcessesOf(owner);
    this.#releaseLock();
    this.#releaseLock = undefined;
  }

  /** For a fault of the launcher itself, or an impatient second Ctrl-C: kills everything now. */
  abandon() {
    if (this.#releaseLock) killProcessesOf(owner);
  }

  async #endLeftovers() {
    const count = await endProcessesOf(owner, 20);
    if (count) say(yellow(`The last start was killed; ended the ${count} processes that it left behind.`));
  }

  // The first failure is reported at once; `stop` waits for the rest.
  #together(...promises) {
    this.#pending.push(...promises);
    return Promise.all(promises);
  }

  #step(title, run) {
    return step(title, run, { signal: this.signal });
  }

  async #fetchRabbitMq() {
    if (process.env.AMQP_URL) return undefined;
    const packages = join(this.home, 'packages');
    return rabbitMqBinaries({ packages, say: (line) => say(`… ${line}`), signal: this.signal });
  }

  async #install() {
    if (!isInstalled()) await installing({ logFile: logOf('install'), owner, signal: this.signal });
  }

  #startServers(ports, binaries) {
    const common = {
      home: this.home,
      local: localDirectory,
      owner,
      ports,
      binaries,
      port: ports.postgres,
      signal: this.signal,
    };
    const start = (name, open, version = '') =>
      this.#step(`Starting ${name}${version}`, async () => {
        const server = await open(common);
        this.#servers.push(new SupervisedServer(name, server.running ?? server));
        return server;
      });
    const version = binaries && ` (${describeRabbitMq(binaries)})`;
    return [start('RabbitMQ', broker, version), start('PostgreSQL', database), start('the mail catcher', mail)];
  }

  /** The database is migrated while RabbitMQ, which takes longest, still starts. */
  async #buildAndMigrate(database, { ports, secrets }) {
    const [{ url }] = await Promise.all([database, this.#build()]);
    this.signal.throwIfAborted();
    const environmentOf = (service) => serviceEnvironment(service, { ports, secrets, urls: { database: url } });
    await this.#step('Migrating the database', () => this.#migrate(environmentOf));
  }

  #build() {
    return this.#step('Building', () =>
      runCommand({
        name: 'The build',
        // Not through Nx, which looks at the whole workspace first: when nothing has changed this takes a quarter of a second.
        command: join(nodeModules, '.bin/tsc'),
        args: ['--build', ...services.map(({ name }) => `apps/${name}/tsconfig.app.json`)],
        env: workspaceEnvironment(),
        cwd: repositoryRoot,
        logFile: logOf('build'),
        owner,
        signal: this.signal,
        sentence: 'The build failed. Correct what it says, or run "npm run build" by itself. Its output ends with:',
      }),
    );
  }

  #migrate(environmentOf) {
    const migrations = services.map((service) =>
      runCommand({
        name: `The migration of ${service.name}`,
        command: pinnedNode(),
        args: migrationArguments(service.name),
        env: environmentOf(service),
        cwd: repositoryRoot,
        logFile: logOf(`${service.name}-migration`),
        owner,
        signal: this.signal,
        sentence: `The database could not be migrated for ${service.name}. "npm run reset" begins with an empty one. Its output ends with:`,
      }),
    );
    return this.#together(...migrations);
  }

  async #startServices(ports, environmentOf) {
    const width = Math.max(...services.map(({ name }) => name.length));
    const watching = this.watch ? ['--watch', '--watch-preserve-output'] : [];
    this.#services = services.map(
      (service) =>
        new SupervisedService({
          name: service.name,
          args: [...watching, ...serviceArguments(service.name)],
          env: environmentOf(service),
          healthUrl: `http://127.0.0.1:${ports[service.metrics]}/health/ready`,
          logFile: logOf(service.name),
          owner,
          width,
        }),
    );
    this.signal.throwIfAborted();
    await letGo(SERVICE_PORTS.map((name) => ports[name]));
    if (this.watch) this.#services.push(new TypeScriptWatch({ logFile: logOf('typescript'), owner, width }));
    await this.#together(...this.#services.map((service) => this.#startService(service)));
  }

  async #startService(service) {
    try {
      await service.start();
    } catch (error) {
      if (!this.watch || this.signal.aborted) throw error;
      say(yellow(`${error.message} It is started again when a file changes.`));
      service.superviseUnready();
    }
  }
}
