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
import { runMigrations, type MigrationPlan } from './run-migrations.js';

export interface DatabaseModuleOptions extends DatabaseSettings {
  /** Schemas to bring up to date before anything uses the database; default none. */
  migrate?: readonly MigrationPlan[];
}

/**
 * Gives the whole application a connected `DataSource` (and `EntityManager`, and with `TypeOrmModule.forFeature`
 * repositories), and a `DatabaseProbe`. Everything that injects it is created only when PostgreSQL is there and migrated. Adds the readiness
 * check `database`. The pool closes in `onApplicationShutdown`, after servers and consumers have drained.
 * @throws {ConfigError} from the application's creation when PostgreSQL refuses the credentials.
 * @example
 * DatabaseModule.forRoot({ url: config.DATABASE_URL, applicationName: 'email-service', migrate: [{ schema: 'email', migrations }] })
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

  constructor(
    private readonly options: DatabaseModuleOptions,
    private readonly probe: DatabaseProbe,
  ) {}

  /** The check is there before the connection: while the service waits, readiness says for what. */
  prepare(logger: Logger, health: HealthChecks, shutdown: ShutdownSignal) {
    this.logger = logger;
    this.signal = shutdown.signal;
    health.register('database', () => this.probe.check().catch(explainAway));
    return { ...databaseOptions(this.options, logger), autoLoadEntities: true, toRetry: () => false };
  }

  async connect(typeOrmOptions?: DataSourceOptions): Promise<DataSource> {
    if (!this.logger || !typeOrmOptions) throw new Error('DatabaseModule was asked to connect before it was prepared.');
    const dataSource = await connectDatabase(typeOrmOptions, { logger: this.logger, signal: this.signal });
    for (const plan of this.options.migrate ?? []) await this.migrate(dataSource, plan);
    return dataSource;
  }

  private async migrate(dataSource: DataSource, plan: MigrationPlan): Promise<void> {
    const applied = await runMigrations(dataSource, plan);
    if (applied.length > 0) this.logger?.info({ schema: plan.schema, applied }, `Migrated schema ${plan.schema}.`);
  }
}

/** Says of whom an error such as "connect ECONNREFUSED" is. */
function explainAway(cause: unknown): never {
  throw new Error(`PostgreSQL cannot be worked with: ${reasonOf(cause)}`, { cause });
}
