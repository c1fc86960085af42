/**
 * The services that `npm start` runs, as data. `metrics` and `http` name ports in `.local/ports.json`; `environment` is what
 * only this service needs. Every one of them has dist/main.js and dist/migrate.js after a build.
 */
export const services = [
  { name: 'api-gateway', metrics: 'api-gateway-metrics', http: 'gateway', environment: { ROLE: 'http,worker' } },
  { name: 'email-service', metrics: 'email-service-metrics', environment: {} },
  { name: 'analytics-service', metrics: 'analytics-service-metrics', environment: {} },
  { name: 'scheduler-service', metrics: 'scheduler-service-metrics', environment: {} },
];

export const SERVICE_PORTS = services.flatMap(({ metrics, http }) => (http ? [http, metrics] : [metrics]));

/** How a built service is started from the repository's root: tracing must load before anything that it instruments. */
export const serviceArguments = (name) => [
  '--enable-source-maps',
  '--import',
  '@mentorhub/tracing/register',
  `apps/${name}/dist/main.js`,
];

/** How a service's schema is brought up to date; takes a lock of its own, so all may run at once. */
export const migrationArguments = (name) => ['--enable-source-maps', `apps/${name}/dist/migrate.js`];
