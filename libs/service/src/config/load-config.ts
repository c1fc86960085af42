import type { z } from 'zod';
import { ConfigError } from './config-error.js';

type Environment = Record<string, string | undefined>;

/**
 * Reads a service's configuration from its environment: the only place where `process.env` is read.
 * An empty string counts as unset. A schema's `.describe()` says what to set, and ends the sentence about a fault:
 * write it as the continuation of "Set NAME to …".
 * @throws {ConfigError} with every fault at once.
 * @example
 * const loadGatewayConfig = () => loadConfig(z.object({ ...baseConfig, ...databaseConfig, PORT: port(3000) }));
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  env: Environment = process.env,
): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => describeFault(issue, schema, given));
  throw new ConfigError([...new Set(faults)]);
}

function describeFault(issue: z.core.$ZodIssue, schema: z.ZodObject, given: Environment): string {
  const name = issue.path[0];
  if (typeof name !== 'string') return `The configuration is wrong: ${sentence(issue.message)}`;
  const hint = (schema.shape[name] as z.ZodType | undefined)?.description;
  const whatToSet = hint === undefined ? '' : ` Set ${name} to ${sentence(hint)}`;
  if (given[name] === undefined && issue.code !== 'custom') return `${name} is not set.${whatToSet}`;
  return `${name} is wrong: ${sentence(issue.message)}${whatToSet}`;
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
