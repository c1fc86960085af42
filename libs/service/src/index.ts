export { baseConfig, brokerConfig, databaseConfig, payloadConfig, type BaseConfig } from './config/base-config.js';
export { ConfigError } from './config/config-error.js';
export { loadConfig } from './config/load-config.js';
export { payloadKeys, type PayloadKeys } from './config/payload-keys.js';
export { amqpUrl, databaseUrl, flag, integer, list, port, url } from './config/variables.js';
export { connectDatabase, type ConnectOptions } from './database/connect-database.js';
export { databaseOptions, type DatabaseSettings } from './database/database-options.js';
export { DatabaseProbe } from './database/database-probe.js';
export { DatabaseModule, type DatabaseModuleOptions } from './database/database.module.js';
export { endConnection, type EndableClient } from './database/end-connection.js';
export { migrateCommand, migrateDatabase } from './database/migrate-command.js';
export { runMigrations, type MigrationPlan } from './database/run-migrations.js';
export { DatabaseUnreachableError } from './database/unreachable-database.js';
export { databaseFaultOf, isDatabaseAway, isPassingFault, type DatabaseFault } from './database-faults/index.js';
export { HealthChecks, type HealthCheck, type HealthReport } from './health/health-checks.js';
export { OperationsServer } from './health/operations-server.js';
export { observeHttp } from './http/observe-http.js';
export { fatal } from './lifecycle/fatal.js';
export { runService } from './lifecycle/run-service.js';
export {
  InjectConfig,
  InjectLogger,
  SERVICE_CONFIG,
  SERVICE_LOGGER,
  ServiceModule,
  type ServiceParts,
} from './lifecycle/service.module.js';
export { ShutdownError, ShutdownSignal } from './lifecycle/shutdown-signal.js';
export { startService, type RunningService, type ServiceOptions } from './lifecycle/start-service.js';
export { createLogger, type Logger } from './logging/create-logger.js';
export { withLogFields, type LogFields } from './logging/log-fields.js';
export { NestLogger } from './logging/nest-logger.js';
export { serialiseError } from './logging/serialise-error.js';
export { SealedTokens } from './sealed-tokens/sealed-tokens.js';
