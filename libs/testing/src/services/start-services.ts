import { NodeProcess, type Environment } from './child-process.js';
import { ServiceProcess, type ServiceOptions } from './service-process.js';
import { appsWith, builtFile } from './workspace.js';

export interface ServicesOptions<Name extends string> extends Omit<ServiceOptions, 'name'> {
  /** Folders under `apps/`. */
  names: readonly Name[];
  /** What a single service gets besides, or instead of, `env`. */
  envOf?: Partial<Record<Name, Environment>>;
}

/** Services that were started together. */
export interface RunningServices<Name extends string> {
  services: Record<Name, ServiceProcess>;
  /** SIGTERM to all at once; the exit codes by name. */
  stop(): Promise<Record<Name, number | null>>;
  /** SIGKILL to all. */
  kill(): Promise<void>;
}

/**
 * Starts one built service, as `node --enable-source-maps --import @mentorhub/tracing/register apps/<name>/dist/main.js`,
 * and waits until it is ready. Call it repeatedly for several instances of one service.
 */
export function startService(options: ServiceOptions): Promise<ServiceProcess> {
  return ServiceProcess.start(options);
}

/**
 * Starts several built services at once and waits until all are ready. When one fails, the others are killed.
 *
 * @throws Error with the end of the log of the service that exited early or did not become ready.
 * @example
 * const { services, stop } = await startServices({ names: ['api-gateway', 'email-service'], env });
 * await fetch(`${services['api-gateway'].httpUrl}/v1/users`, …);
 */
export async function startServices<Name extends string>(
  options: ServicesOptions<Name>,
): Promise<RunningServices<Name>> {
  const { names, envOf, env, ...rest } = options;
  const starts = names.map((name) => startService({ ...rest, name, env: { ...env, ...envOf?.[name] } }));
  const settled = await Promise.allSettled(starts);
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) {
    await Promise.all(started.map((service) => service.kill()));
    throw failed.reason;
  }
  return together(started);
}

/**
 * Runs the built `migrate.js` of each app against the database.
 *
 * @param apps default: every app that has a `migrate.ts`
 * @throws Error with the end of its output when one exits with anything but 0.
 */
export async function migrateServices(databaseUrl: string, apps: string[] = appsWith('migrate.ts')): Promise<void> {
  for (const app of apps) {
    const migration = new NodeProcess(`${app}'s migration`, ['--enable-source-maps', builtFile(app, 'migrate.js')], {
      DATABASE_URL: databaseUrl,
    });
    const code = await migration.exited;
    if (code !== 0) throw new Error(`${app}'s migration exited with ${code}.\n${migration.tail()}`);
  }
}

function together<Name extends string>(started: ServiceProcess[]): RunningServices<Name> {
  const byName = <T>(values: T[]) =>
    Object.fromEntries(started.map(({ name }, index) => [name, values[index]])) as Record<Name, T>;
  return {
    services: byName(started),
    stop: async () => byName(await Promise.all(started.map((service) => service.stop()))),
    kill: async () => void (await Promise.all(started.map((service) => service.kill()))),
  };
}
