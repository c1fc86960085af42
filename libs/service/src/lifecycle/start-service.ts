import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setBuildInfo, startDefaultMetrics } from '@mentorhub/metrics';
import type { CustomStrategy } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { BaseConfig } from '../config/base-config.js';
import { HealthChecks } from '../health/health-checks.js';
import { OperationsServer } from '../health/operations-server.js';
import { observeHttp } from '../http/observe-http.js';
import { createLogger, type Logger } from '../logging/create-logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { listenHttp } from './listen-http.js';
import { ServiceModule } from './service.module.js';
import { ShutdownSignal } from './shutdown-signal.js';

export interface ServiceOptions<Config extends BaseConfig = BaseConfig> {
  /** The service's name in logs, metrics and traces. */
  name: string;
  /** Loads the configuration; what it throws ends the process with its sentence. */
  config: () => Config;
  /** The application's root module. */
  module: (config: Config) => DynamicModule | Type;
  /** The port of the public HTTP server, from the variable HTTP_PORT; undefined (default): the service has none. */
  httpPort?: (config: Config) => number | undefined;
  /** Options of Fastify, such as `bodyLimit`. */
  httpOptions?: (config: Config) => ConstructorParameters<typeof FastifyAdapter>[0];
  /** Global prefix, pipes, filters and so on; before the application is initialised. */
  configure?: (app: NestFastifyApplication, config: Config) => void | Promise<void>;
  /** What consumes messages; started after initialisation, drained by its `close`. Guards, pipes and filters of the application apply. */
  strategies?: (app: NestFastifyApplication, config: Config) => CustomStrategy['strategy'][];
}

export interface RunningService<Config extends BaseConfig = BaseConfig> {
  app: NestFastifyApplication;
  config: Config;
  logger: Logger;
  health: HealthChecks;
  /** The port of /metrics and /health. */
  operationsPort: number;
  /** The public port, when there is one. */
  httpPort?: number;
  /**
   * Stops in order: not ready, long waits told, requests and consumers drained, connections closed, operations port
   * closed. Idempotent. Takes as long as it takes; `runService` bounds it.
   */
  stop(): Promise<void>;
}

/**
 * Starts a service in this process; tests use it directly, `runService` adds signals and exits.
 * 1. Configuration and logger. 2. Operations port: alive, not ready. 3. The application: its database is waited for.
 * 4. Initialisation. 5. HTTP and consumers. 6. Ready.
 * What fails on the way is thrown after everything already opened was closed.
 */
export async function startService<Config extends BaseConfig>(
  options: ServiceOptions<Config>,
  shutdown = new ShutdownSignal(),
): Promise<RunningService<Config>> {
  const config = options.config();
  const logger = createLogger(options.name, config);
  return new StartingService(options, config, logger, shutdown).start();
}

/**
 * A connection whose request was being answered when the server closed stays open afterwards, for as long as
 * keep-alive lasts; the shutdown would wait for it.
 */
const idleCheckSeconds = 0.1;

const cleanUpSeconds = 5;

class StartingService<Config extends BaseConfig> {
  private readonly health = new HealthChecks();
  private readonly operations = new OperationsServer(this.health);
  private app?: NestFastifyApplication;
  private stopping?: Promise<void>;

  constructor(
    private readonly options: ServiceOptions<Config>,
    private readonly config: Config,
    private readonly logger: Logger,
    private readonly shutdown: ShutdownSignal,
  ) {}

  async start(): Promise<RunningService<Config>> {
    this.shutdown.signal.addEventListener('abort', () => this.health.stopping());
    try {
      await this.openOperations();
      this.app = await this.createApplication();
      const httpPort = await this.startApplication(this.app);
      this.health.started();
      this.logger.info({ httpPort, operationsPort: this.operations.port }, `${this.options.name} is ready.`);
      return this.running(this.app, httpPort);
    } catch (error) {
      await this.cleanUp();
      throw error;
    }
  }

  /** Bounded: what could not start may not be able to stop either, and the reason why must still be told. */
  private async cleanUp(): Promise<void> {
    const timeUp = delay(cleanUpSeconds * 1000, undefined, { ref: false });
    await Promise.race([this.stop(), timeUp]).catch((err: unknown) =>
      this.logger.warn({ err }, 'Cleaning up after the failed start failed too.'),
    );
  }

  private async openOperations(): Promise<void> {
    startDefaultMetrics();
    setBuildInfo(this.config.SERVICE_VERSION, this.config.SERVICE_REVISION);
    await this.operations.listen(this.config.HOST, this.config.METRICS_PORT);
  }

  private async createApplication(): Promise<NestFastifyApplication> {
    const { options, config, logger, health, shutdown } = this;
    const root: DynamicModule = {
      module: class ServiceRoot {},
      imports: [ServiceModule.forRoot({ logger, config, health, shutdown }), options.module(config)],
    };
    const adapter = new FastifyAdapter(options.httpOptions?.(config));
    return NestFactory.create<NestFastifyApplication>(root, adapter, {
      logger: new NestLogger(logger),
      abortOnError: false,
    });
  }

  private async startApplication(app: NestFastifyApplication): Promise<number | undefined> {
    const { options, config, logger, shutdown } = this;
    const port = options.httpPort?.(config);
    if (port !== undefined) observeHttp(app, logger);
    await options.configure?.(app, config);
    for (const strategy of options.strategies?.(app, config) ?? [])
      app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    await app.init();
    shutdown.signal.throwIfAborted();
    // Side by side: requests are answered even while a consumer waits for its broker.
    const opening = Promise.all([listenHttp(app, port, config.HOST), app.startAllMicroservices()]);
    const [httpPort] = await shutdown.interrupt(opening);
    return httpPort;
  }

  private running(app: NestFastifyApplication, httpPort: number | undefined): RunningService<Config> {
    const { config, logger, health, operations } = this;
    const started = { app, config, logger, health, operationsPort: operations.port, stop: () => this.stop() };
    return httpPort === undefined ? started : { ...started, httpPort };
  }

  private stop(): Promise<void> {
    this.stopping ??= this.stopInOrder();
    return this.stopping;
  }

  private async stopInOrder(): Promise<void> {
    this.shutdown.begin();
    const letGo = setInterval(() => this.closeIdleConnections(), idleCheckSeconds * 1000);
    try {
      await this.app?.close();
    } finally {
      clearInterval(letGo);
      await this.operations.close();
    }
  }

  private closeIdleConnections(): void {
    const server: Server | undefined = this.app?.getHttpServer();
    server?.closeIdleConnections();
  }
}
