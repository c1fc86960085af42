import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { HealthChecks, reasonOf } from '../health/health-checks.js';
import { ShutdownSignal } from '../lifecycle/shutdown-signal.js';
import type { Logger } from '../logging/create-logger.js';
import { SERVICE_LOGGER } from '../lifecycle/service.module.js';
import { connectDatabase } from './connect-database.js';
import { databaseOptions, type DatabaseSettings } from './database-options.js';
import { DatabaseProbe } from './database-probe.js';
import { awaitSchemas } from './await-schemas.js';
import type { MigrationPlan } from './run-migrations.js';

export interface DatabaseModuleOptions extends DatabaseSettings {
  /** What must have been migrated before anything uses the database, by the service's `migrate`. Default: nothing. */
  schemas?: readonly MigrationPlan[];
}

/**
 * Gives the whole application a connected `DataSource` (and `EntityManager`, and with `TypeOrmModule.forFeature`
 * repositories), and a `DatabaseProbe`. Everything that injects it is created only when PostgreSQL is there, with the schemas it needs. Adds the readiness
 * check `database`. The pool closes in `onApplicationShutdown`, after servers and consumers have drained.
 * @throws {ConfigError} from the application's creation when PostgreSQL refuses the credentials.
 * @example
 * DatabaseModule.forRoot({ url: config.DATABASE_URL, applicationName: 'email-service', schemas: [{ schema: 'email', migrations }] })
 */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DatabaseProbe) private readonly probe: DatabaseProbe) {}

  static forRoot(options: DatabaseModuleOptions): DynamicModule {
    const probe = new DatabaseProbe(options.url, options.applicationName);
    const connector = new DatabaseConnector(options, probe);
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [SERVICE_LOGGER, HealthChecks, ShutdownSignal],
          useFactory: (logger: Logger, health: HealthChecks, shutdown: ShutdownSignal) =>
            connector.prepare(logger, health, shutdown),
          dataSourceFactory: (typeOrmOptions) => connector.connect(typeOrmOptions),
        }),
      ],
      providers: [{ provide: DatabaseProbe, useValue: probe }],
      exports: [DatabaseProbe],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.probe.close();
  }
}

/** Carries what `useFactory` may inject to `dataSourceFactory`, which may not. */
class DatabaseConnector {
  private logger?: Logger;
  private signal?: AbortSignal;
  /** What the schema lacks that this service needs. */
  private missing: string | undefined;

  constructor(
    private readonly options: DatabaseModuleOptions,
    private readonly probe: DatabaseProbe,
  ) {}

  /** The check is there before the connection: while the service waits, readiness says for what. */
  prepare(logger: Logger, health: HealthChecks, shutdown: ShutdownSignal) {
    this.logger = logger;
    this.signal = shutdown.signal;
    health.register('database', async () => (await this.probe.check().catch(explainAway)) && (this.missing ?? true));
    return { ...databaseOptions(this.options, logger), autoLoadEntities: true, toRetry: () => false };
  }

  async connect(typeOrmOptions?: DataSourceOptions): Promise<DataSource> {
    if (!this.logger || !typeOrmOptions) throw new Error('DatabaseModule was asked to connect before it was prepared.');
    const { logger, signal } = this;
    const dataSource = await connectDatabase(typeOrmOptions, { logger, signal });
    try {
      const tell = (missing: string | undefined) => (this.missing = missing);
      await awaitSchemas(dataSource, this.options.schemas ?? [], { logger, signal, tell });
      return dataSource;
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
  }
}

/** Says of whom an error such as "connect ECONNREFUSED" is. */
function explainAway(cause: unknown): never {
  throw new Error(`PostgreSQL cannot be worked with: ${reasonOf(cause)}`, { cause });
}
