/** True: well. A sentence, or an error with one as its message: down, and why. False says no more than that. */
export type HealthCheck = () => boolean | string | Promise<boolean | string>;

export interface HealthReport {
  status: 'ok' | 'down';
  /** By name: `ok`, or `down: ` and a sentence that says why. */
  checks: Record<string, string>;
}

/**
 * What must be well for this process to be given work. Anyone registers a check; readiness asks all of them, each for
 * at most 2 seconds. A check that still runs from the last time is not started a second time.
 * A process that is starting or stopping is never ready.
 */
export class HealthChecks {
  private readonly checks = new Map<string, HealthCheck>();
  private readonly running = new Map<string, Promise<string>>();
  private phase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(private readonly boundSeconds = 2) {}

  /**
   * Adds a check, or replaces the one of this name.
   * @example health.register('consumer email', () => consumer.active || 'The queue email has no consumer of this process.');
   */
  register(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  /** The service's start is complete. */
  started(): void {
    if (this.phase === 'starting') this.phase = 'running';
  }

  /** The service has begun to stop: not ready from now on. */
  stopping(): void {
    this.phase = 'stopping';
  }

  async report(): Promise<HealthReport> {
    const names = [...this.checks.keys()];
    const results = await Promise.all(names.map((name) => this.result(name)));
    const checks = Object.fromEntries(names.map((name, index) => [name, results[index] ?? 'ok']));
    const all = { service: this.phase === 'running' ? 'ok' : `down: the service is ${this.phase}`, ...checks };
    return { status: Object.values(all).every((result) => result === 'ok') ? 'ok' : 'down', checks: all };
  }

  private async result(name: string): Promise<string> {
    const running = this.running.get(name) ?? this.start(name);
    const { promise: tooLate, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(resolve, this.boundSeconds * 1000, `down: no answer within ${this.boundSeconds} seconds`);
    return Promise.race([running, tooLate]).finally(() => clearTimeout(timer));
  }

  private start(name: string): Promise<string> {
    const check = this.checks.get(name) ?? (() => true);
    const running = describe(check).finally(() => this.running.delete(name));
    this.running.set(name, running);
    return running;
  }
}

async function describe(check: HealthCheck): Promise<string> {
  try {
    const result = await check();
    if (result === true) return 'ok';
    return `down: ${result || 'the check says no'}`;
  } catch (error) {
    return `down: ${reasonOf(error)}`;
  }
}

/** A host with several addresses fails once for each of them, and the error about all of them has no message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}
