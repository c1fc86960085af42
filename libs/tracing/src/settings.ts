import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Environment = Record<string, string | undefined>;

/** How to trace, or undefined: not at all. */
export interface TracingSettings {
  serviceName: string;
}

/** OpenTelemetry's variables with the address of a collector; the first that is set decides. */
const endpointVariables = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/**
 * Reads OpenTelemetry's own variables: this runs before any application code, so a service's `config.ts` cannot.
 * Tracing is on when a collector's endpoint is set and OTEL_SDK_DISABLED is not `true`.
 * @param script the file being started; its package's name is the service's unless OTEL_SERVICE_NAME says otherwise.
 * @throws {Error} with a sentence when the endpoint is no URL.
 */
export function readTracingSettings(env: Environment, script: string | undefined): TracingSettings | undefined {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  const variable = endpointVariables.find((name) => env[name]);
  if (variable === undefined) return undefined;
  requireHttpUrl(variable, env[variable] ?? '');
  return { serviceName: env['OTEL_SERVICE_NAME'] || packageName(script) || 'unknown_service' };
}

function requireHttpUrl(variable: string, value: string): void {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return;
  throw new Error(
    `${variable} is wrong: it is not an HTTP URL. Set ${variable} to a collector such as http://localhost:4318, or leave it unset to trace nothing.`,
  );
}

/** The name, without scope, in the package.json nearest above a file. */
function packageName(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const name = nameIn(join(folder, 'package.json'));
    if (name !== undefined || folder === dirname(folder)) return name?.replace(/^@[^/]+\//, '');
  }
}

function nameIn(file: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name;
  } catch {
    return undefined;
  }
}
