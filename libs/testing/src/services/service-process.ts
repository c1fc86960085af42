import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.js';
import { freePort } from '../network/free-port.js';
import { NodeProcess, type Environment } from './child-process.js';
import { builtFile } from './workspace.js';

export interface ServiceOptions {
  /** Folder under `apps/`. */
  name: string;
  /**
   * The service's whole configuration. METRICS_PORT and HTTP_PORT are added with free ports when they are missing;
   * a value '' leaves a variable out.
   */
  env: Environment;
  /** How long it may take to become ready, in seconds. Default that of `eventually`. */
  readyWithinSeconds?: number;
  /** Node's arguments instead of `--enable-source-maps --import @mentorhub/tracing/register apps/<name>/dist/main.js`. */
  nodeArguments?: string[];
  /** false: return as soon as the process is spawned. Default true. */
  waitUntilReady?: boolean;
}

/** A real service process: the app's build, started as in production. */
export class ServiceProcess {
  private process: NodeProcess;

  private constructor(
    private readonly options: ServiceOptions,
    readonly env: Environment,
  ) {
    this.process = this.spawn();
  }

  /** @throws Error with the end of its log when it exits early or does not become ready in time. */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options, await withPorts(options.env));
    if (options.waitUntilReady !== false) await service.ready();
    return service;
  }

  get name(): string {
    return this.options.name;
  }

  get pid(): number {
    return this.process.pid;
  }

  get running(): boolean {
    return this.process.running;
  }

  /** Where `/metrics` and `/health/*` are. */
  get operationsUrl(): string {
    return `http://127.0.0.1:${this.env['METRICS_PORT']}`;
  }

  /** Where the service answers HTTP, if it does. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.env['HTTP_PORT']}`;
  }

  /** Everything that the present process has written. */
  output(): string {
    return this.process.output();
  }

  /** Exit code of the present process, once it has ended; null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.process.exited;
  }

  /** Waits until `/health/ready` answers 200; a process that has exited by then fails at once. */
  async ready(): Promise<void> {
    const { readyWithinSeconds } = this.options;
    const watched = this.process;
    const gone = () => !watched.running;
    await eventually(async () => gone() || (await this.isReady()), {
      ...(readyWithinSeconds !== undefined && { timeoutSeconds: readyWithinSeconds }),
      what: `${this.name} to become ready`,
    }).catch(async (error: Error) => {
      await this.kill();
      throw new Error(`${error.message}\n${watched.tail()}`, { cause: error });
    });
    if (gone()) throw new Error(`${this.name} exited with ${await watched.exited} while starting.\n${watched.tail()}`);
  }

  /** Whether `/health/ready` answers 200 now. */
  async isReady(): Promise<boolean> {
    return (await this.readiness()).status === 200;
  }

  /** What `/health/ready` answers: its status (0 = nobody listens) and its body. */
  async readiness(): Promise<{ status: number; body: unknown }> {
    const signal = AbortSignal.timeout(5_000);
    const response = await fetch(`${this.operationsUrl}/health/ready`, { signal }).catch(() => undefined);
    if (!response) return { status: 0, body: undefined };
    return { status: response.status, body: await response.json().catch(() => undefined) };
  }

  /** The text of `/metrics`. */
  async metrics(): Promise<string> {
    const response = await fetch(`${this.operationsUrl}/metrics`, { signal: AbortSignal.timeout(30_000) });
    return response.text();
  }

  /** The sum of a metric's samples whose labels include the given ones; 0 when there are none. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const lines = (await this.metrics()).split('\n').filter((line) => line.match(/^[^{ ]+/)?.[0] === name);
    const matching = lines.filter((line) => wanted.every((label) => line.includes(label)));
    return matching.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /**
   * SIGTERM, then waits for the exit code. Does nothing to a process that has ended.
   * @throws Error with the end of its log when it has not ended after `withinSeconds` (default 40); it is killed then.
   */
  async stop(withinSeconds = 40): Promise<number | null> {
    this.process.signal('SIGTERM');
    const deadline = new AbortController();
    const late = pause(withinSeconds * 1000, 'late' as const, { signal: deadline.signal }).catch(() => 'late' as const);
    const code = await Promise.race([this.process.exited, late]);
    deadline.abort();
    if (code !== 'late') return code;
    await this.kill();
    throw new Error(`${this.name} had not ended ${withinSeconds} s after SIGTERM.\n${this.process.tail()}`);
  }

  /** SIGKILL: a crash. */
  async kill(): Promise<void> {
    this.process.signal('SIGKILL');
    await this.process.exited;
  }

  /** Starts it again with the same ports, after a `stop` if it still runs. */
  async restart(): Promise<void> {
    if (this.running) await this.stop();
    this.process = this.spawn();
    if (this.options.waitUntilReady !== false) await this.ready();
  }

  private spawn(): NodeProcess {
    const { name, nodeArguments = productionArguments(name) } = this.options;
    return new NodeProcess(name, nodeArguments, this.env);
  }
}

function productionArguments(app: string): string[] {
  return ['--enable-source-maps', '--import', '@mentorhub/tracing/register', builtFile(app, 'main.js')];
}

async function withPorts(env: Environment): Promise<Environment> {
  const given = Object.entries(env).filter(([, value]) => value !== '');
  return { METRICS_PORT: String(await freePort()), HTTP_PORT: String(await freePort()), ...Object.fromEntries(given) };
}
