import {
  Controller,
  Get,
  Inject,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { MessagePattern, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { z } from 'zod';
import { baseConfig } from '../config/base-config.js';
import { ConfigError } from '../config/config-error.js';
import { loadConfig } from '../config/load-config.js';
import { port } from '../config/variables.js';
import { HealthChecks } from '../health/health-checks.js';
import { InjectConfig, InjectLogger } from './service.module.js';
import { ShutdownError, ShutdownSignal } from './shutdown-signal.js';
import { startService, type RunningService } from './start-service.js';

const schema = z.object({ ...baseConfig, HTTP_PORT: port(3000) });
type SampleConfig = z.output<typeof schema>;

let events: string[] = [];

/** A consumer whose broker may be away for good. */
class Consumer extends Server implements CustomTransportStrategy {
  constructor(private readonly brokerIsThere = true) {
    super();
  }
  listen(callback: () => void): void {
    events.push(`listening to ${[...this.messageHandlers.keys()].join()}`);
    if (this.brokerIsThere) callback();
  }
  close(): void {
    events.push('consumer drained');
  }
  on(): void {}
  unwrap<T>(): T {
    return undefined as T;
  }
}

@Controller()
class SampleController implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @InjectConfig() private readonly config: SampleConfig,
    @InjectLogger() private readonly logger: object,
    @Inject(HealthChecks) private readonly health: HealthChecks,
    @Inject(ShutdownSignal) shutdown: ShutdownSignal,
  ) {
    shutdown.signal.addEventListener('abort', () => events.push('told'));
  }
  @Get('parts')
  parts() {
    return [this.config.HOST, 'info' in this.logger, this.health instanceof HealthChecks];
  }
  @MessagePattern('email.send')
  send() {}
  onModuleInit() {
    events.push('initialised');
  }
  onModuleDestroy() {
    events.push('destroying');
  }
  onApplicationShutdown() {
    events.push('shut down');
  }
}

function start(consumer: Consumer, shutdown?: ShutdownSignal, HTTP_PORT = '0'): Promise<RunningService> {
  const env = { METRICS_PORT: '0', HTTP_PORT, HOST: '127.0.0.1', LOG_LEVEL: 'silent' };
  return startService(
    {
      name: 'sample',
      config: () => loadConfig(schema, env),
      module: () => ({ module: class SampleModule {}, controllers: [SampleController] }),
      httpPort: (config) => config.HTTP_PORT,
      configure: (app) => void app.setGlobalPrefix('v1'),
      strategies: () => [consumer],
    },
    shutdown,
  );
}

describe('starting and stopping a service', () => {
  beforeEach(() => {
    events = [];
  });

  it('lets providers inject configuration, logger, health checks and the shutdown signal', async () => {
    const service = await start(new Consumer());
    const answer = await fetch(`http://127.0.0.1:${service.httpPort}/v1/parts`);
    expect(await answer.json()).toEqual(['127.0.0.1', true, true]);
    await service.stop();
  });

  it('starts consumers after initialisation, and closes connections only after they have drained', async () => {
    const service = await start(new Consumer());
    expect((await service.health.report()).status).toBe('ok');
    await Promise.all([service.stop(), service.stop()]);
    expect(events).toEqual([
      'initialised',
      'listening to email.send',
      'told',
      'destroying',
      'consumer drained',
      'shut down',
    ]);
  });

  it('can be stopped while a consumer still waits for its broker', async () => {
    const shutdown = new ShutdownSignal();
    const starting = start(new Consumer(false), shutdown);
    setImmediate(function waitUntilListening() {
      if (events.includes('listening to email.send')) shutdown.begin();
      else setImmediate(waitUntilListening);
    });
    await expect(starting).rejects.toThrow(ShutdownError);
    expect(events).toContain('consumer drained');
    expect(events).toContain('shut down');
  });

  it('says in one sentence that its HTTP port is taken, and closes what it had opened', async () => {
    const first = await start(new Consumer());
    const second = start(new Consumer(), undefined, String(first.httpPort));
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(
      `HTTP_PORT is wrong: something listens on 127.0.0.1:${first.httpPort} already`,
    );
    expect(events.filter((event) => event === 'shut down')).toHaveLength(1);
    await first.stop();
  });
});
