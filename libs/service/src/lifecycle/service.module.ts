import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { HealthChecks } from '../health/health-checks.js';
import type { Logger } from '../logging/create-logger.js';
import { ShutdownSignal } from './shutdown-signal.js';

/** Injection token of the process's `Logger`. */
export const SERVICE_LOGGER = Symbol('service logger');

/** Injection token of the service's loaded configuration. */
export const SERVICE_CONFIG = Symbol('service configuration');

/** Injects the process's `Logger`. @example constructor(@InjectLogger() private readonly logger: Logger) {} */
export const InjectLogger = () => Inject(SERVICE_LOGGER);

/** Injects the configuration that the service was started with. @example constructor(@InjectConfig() config: GatewayConfig) {} */
export const InjectConfig = () => Inject(SERVICE_CONFIG);

export interface ServiceParts {
  logger: Logger;
  config: object;
  health: HealthChecks;
  shutdown: ShutdownSignal;
}

/** Makes the parts of the running service injectable everywhere; `startService` imports it, tests of single modules may. */
@Module({})
export class ServiceModule {
  static forRoot({ logger, config, health, shutdown }: ServiceParts): DynamicModule {
    const providers = [
      { provide: SERVICE_LOGGER, useValue: logger },
      { provide: SERVICE_CONFIG, useValue: config },
      { provide: HealthChecks, useValue: health },
      { provide: ShutdownSignal, useValue: shutdown },
    ];
    return { module: ServiceModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
