/**
 * Starts tracing before the application is loaded: `node --import @mentorhub/tracing/register dist/main.js`.
 * Without a collector's endpoint in the environment it loads nothing and costs nothing.
 */
import { readTracingSettings, type TracingSettings } from './settings.js';

const settings = settingsOrExit();
if (settings) {
  const { startTracing } = await import('./start-tracing.js');
  startTracing(settings);
}

function settingsOrExit(): TracingSettings | undefined {
  try {
    return readTracingSettings(process.env, process.argv[1]);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return process.exit(1);
  }
}
