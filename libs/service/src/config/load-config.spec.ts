import { z } from 'zod';
import { baseConfig, brokerConfig, databaseConfig } from './base-config.js';
import { ConfigError } from './config-error.js';
import { loadConfig } from './load-config.js';
import { flag, integer, list } from './variables.js';

const schema = z.object({ ...baseConfig, ...databaseConfig, ...brokerConfig });
const good = { DATABASE_URL: 'postgres://user:s3cret@db:5432/mentorhub', AMQP_URL: 'amqp://rabbit/' };

function faultsOf(env: Record<string, string>, shape: z.ZodObject = schema): readonly string[] {
  try {
    loadConfig(shape, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('loading the configuration', () => {
  it('takes the defaults for what is not set', () => {
    const config = loadConfig(schema, good);
    expect(config).toMatchObject({ LOG_LEVEL: 'info', LOG_PRETTY: false, METRICS_PORT: 9464, SHUTDOWN_SECONDS: 25 });
    expect(config).toMatchObject({ HOST: '0.0.0.0', AMQP_TOPOLOGY: 'declare', AMQP_URL: ['amqp://rabbit/'] });
  });

  it('treats an empty variable as one that is not set', () => {
    expect(loadConfig(schema, { ...good, METRICS_PORT: '', LOG_LEVEL: '' })).toMatchObject({ METRICS_PORT: 9464 });
    expect(faultsOf({ ...good, DATABASE_URL: '' })).toEqual([
      'DATABASE_URL is not set. Set DATABASE_URL to a URL such as postgres://user:password@localhost:5432/mentorhub.',
    ]);
  });

  it('names every wrong variable at once and says what to set', () => {
    expect(faultsOf({ ...good, METRICS_PORT: '70000', LOG_LEVEL: 'loud', SHUTDOWN_SECONDS: '1.5' })).toEqual([
      'LOG_LEVEL is wrong: it is no level. Set LOG_LEVEL to one of fatal, error, warn, info, debug, trace, silent.',
      'METRICS_PORT is wrong: it must be a whole number from 0 to 65535. Set METRICS_PORT to a free port between 1 and 65535.',
      'SHUTDOWN_SECONDS is wrong: it must be a whole number from 1 to 3600. Set SHUTDOWN_SECONDS to a number of seconds.',
    ]);
  });

  it('never repeats a value, which may be a secret', () => {
    const [fault, ...others] = faultsOf({ ...good, DATABASE_URL: 'mysql://user:s3cret@db/mentorhub' });
    expect(fault).toContain('DATABASE_URL is wrong: it is not a URL that starts with postgres://');
    expect(fault).not.toContain('s3cret');
    expect(others).toEqual([]);
  });

  it('reads a cluster of brokers as several URLs', () => {
    const env = { ...good, AMQP_URL: 'amqp://one/, amqps://two/' };
    expect(loadConfig(schema, env).AMQP_URL).toEqual(['amqp://one/', 'amqps://two/']);
    expect(faultsOf({ ...good, AMQP_URL: 'amqp://one/,http://two/' })).toHaveLength(1);
  });

  it('tells a fault between two variables by the sentence of its check', () => {
    const shape = z
      .object({ SMALL: integer({ min: 0, max: 9 }), LARGE: integer({ min: 0, max: 9 }) })
      .refine(({ SMALL, LARGE }) => SMALL < LARGE, { path: ['LARGE'], error: 'it must be above SMALL' });
    expect(faultsOf({ SMALL: '5', LARGE: '4' }, shape)).toEqual(['LARGE is wrong: it must be above SMALL.']);
  });

  it('understands switches and lists', () => {
    const shape = z.object({ ON: flag(false), OFF: flag(true), QUEUES: list() });
    expect(loadConfig(shape, { ON: 'yes', OFF: '0', QUEUES: 'email, email-bulk,' })).toEqual({
      ON: true,
      OFF: false,
      QUEUES: ['email', 'email-bulk'],
    });
    expect(faultsOf({ ON: 'maybe', QUEUES: 'x' }, shape)).toEqual([
      'ON is wrong: it is neither true nor false. Set ON to true or false.',
    ]);
  });
});
