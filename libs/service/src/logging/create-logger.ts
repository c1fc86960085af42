import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { BaseConfig } from '../config/base-config.js';
import { contextFields } from './log-fields.js';
import { Outages } from './outages.js';
import { withoutSecrets } from './secrets.js';
import { serialiseError } from './serialise-error.js';

/** A pino logger: `logger.info({ fields }, 'sentence')`; an error belongs in the field `err`. */
export type Logger = PinoLogger;

type LogConfig = Pick<BaseConfig, 'LOG_LEVEL' | 'LOG_PRETTY'>;

/**
 * The logger of a process: one JSON object per line on standard output (lines for people with LOG_PRETTY), with the
 * service's name, the active trace's ids and the fields of `withLogFields`. Values of keys that name a secret are
 * redacted, except in the bindings of `child`: bind ids only. Lines that repeat while a server is away are folded, see
 * `Outages`.
 * Lines are gathered for up to 100 ms and written together; what is left is written when the process exits. Only a kill
 * without notice loses that tenth of a second.
 */
export function createLogger(service: string, config: LogConfig, destination?: DestinationStream): Logger {
  const outages = new Outages();
  const logger = pino(
    {
      level: config.LOG_LEVEL,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
      mixin: contextFields,
      serializers: { err: serialiseError, error: serialiseError },
      hooks: {
        logMethod(args, method, level) {
          if (!outages.fold(args, level)) method.apply(this, args);
        },
      },
    },
    destination ?? standardOutput(config.LOG_PRETTY),
  );
  outages.writeTo(logger);
  return logger;
}

function standardOutput(pretty: boolean): DestinationStream {
  if (!pretty) return pino.destination({ dest: 1, sync: false, minLength: 8_192, periodicFlush: 100 });
  return PinoPretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname,span_id', singleLine: true });
}
