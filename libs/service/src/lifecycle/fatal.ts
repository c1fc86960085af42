import { ConfigError } from '../config/config-error.js';
import { withoutPasswords } from '../logging/secrets.js';

/** Errors whose message is meant for a person and says it all; told by name, so that any library may have its own. */
const selfExplaining = new Set(['ConfigError', 'BrokerConfigurationError', 'HandlerConfigurationError']);

/**
 * Ends the process with status 1 because it cannot go on. A configuration error is printed as its sentence alone;
 * anything else with its stack, since it is a fault of the program.
 */
export function fatal(error: unknown): never {
  process.stderr.write(`${fatalText(error)}\n`);
  process.exit(1);
}

function fatalText(error: unknown): string {
  // Says what to set, with an example that has the form of a password.
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return withoutPasswords(`The service cannot go on: ${String(error)}`);
  if (selfExplaining.has(error.name)) return withoutPasswords(error.message);
  return withoutPasswords(`The service cannot go on: ${error.stack ?? error.message}`);
}
