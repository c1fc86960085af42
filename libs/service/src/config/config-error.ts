/**
 * The environment is wrong in a way that only a person can mend. `message` is whole sentences, one line per fault, each
 * naming the variable and what to set, and never a secret's value. `fatal` prints it and exits with 1.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}
