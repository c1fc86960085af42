import { shutdownTracing } from '@mentorhub/tracing';
import type { BaseConfig } from '../config/base-config.js';
import { ConfigError } from '../config/config-error.js';
import { createLogger, type Logger } from '../logging/create-logger.js';
import { fatal } from './fatal.js';
import { ShutdownSignal } from './shutdown-signal.js';
import { startService, type RunningService, type ServiceOptions } from './start-service.js';

/**
 * A service's `main`: starts it and stays until SIGTERM or SIGINT, then stops it in order and exits with 0.
 * Exits with 1 and one sentence when the configuration is wrong, when the start fails or comes to nothing, at a second
 * signal, when the shutdown takes longer than SHUTDOWN_SECONDS, and at an error that nobody handled.
 * @example await runService({ name: 'email-service', config: loadEmailConfig, module: EmailModule.forRoot });
 */
export async function runService<Config extends BaseConfig>(options: ServiceOptions<Config>): Promise<void> {
  const shutdown = new ShutdownSignal();
  const config = loadOrDie(options);
  const logger = createLogger(options.name, config);
  endOnUnhandledErrors(logger);
  endWhenNothingIsLeft(options.name);
  const starting = startService({ ...options, config: () => config }, shutdown);
  let asked = false;
  onSignals((signal) => {
    asked = true;
    void stopAndExit({ signal, starting, shutdown, logger, seconds: config.SHUTDOWN_SECONDS });
  });
  await starting.catch(async (error: unknown) => {
    // A start that fails stops what it had started, which is no reason to keep silent: only being asked to stop is one.
    if (asked) return;
    await shutdownTracing();
    fatal(error);
  });
}

function loadOrDie<Config extends BaseConfig>(options: ServiceOptions<Config>): Config {
  try {
    return options.config();
  } catch (error) {
    return fatal(error);
  }
}

function onSignals(first: (signal: NodeJS.Signals) => void): void {
  let seen = false;
  const listener = (signal: NodeJS.Signals) => {
    if (seen) process.exit(1);
    seen = true;
    first(signal);
  };
  process.on('SIGTERM', listener).on('SIGINT', listener);
}

interface Stop {
  signal: NodeJS.Signals;
  starting: Promise<RunningService>;
  shutdown: ShutdownSignal;
  logger: Logger;
  seconds: number;
}

async function stopAndExit({ signal, starting, shutdown, logger, seconds }: Stop): Promise<void> {
  logger.info({ signal }, `Stopping because of ${signal}; at most ${seconds} seconds.`);
  setTimeout(() => giveUp(logger, seconds), seconds * 1000);
  shutdown.begin();
  try {
    // A start that is interrupted cleans up after itself and throws.
    const service = await starting.catch(() => undefined);
    await service?.stop();
  } catch (err) {
    logger.fatal({ err }, 'Stopping failed; the process ends without having closed everything.');
    process.exit(1);
  }
  await shutdownTracing();
  logger.info('Stopped.');
  process.exit(0);
}

function giveUp(logger: Logger, seconds: number): void {
  logger.fatal(
    `Stopping took longer than ${seconds} seconds; the process ends now. What it was doing will be done again elsewhere.`,
  );
  process.exit(1);
}

/** A service ends by `process.exit` alone; a promise that never settles would end it as if all were well. */
function endWhenNothingIsLeft(name: string): void {
  process.on('beforeExit', () =>
    fatal(new ConfigError([`${name} ends, since it waits for something that nothing is left to bring about.`])),
  );
}

function endOnUnhandledErrors(logger: Logger): void {
  const end = (err: unknown) => {
    if (!logger.isLevelEnabled('fatal')) fatal(err);
    logger.fatal({ err }, 'An error that nobody handled; the process ends, since its state is unknown.');
    process.exit(1);
  };
  process.on('uncaughtException', end).on('unhandledRejection', end);
}
