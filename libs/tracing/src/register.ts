/**
 * Starts tracing before the application is loaded: `node --import @mentorhub/tracing/register dist/main.js`.
 * Without a collector's endpoint in the environment it loads nothing and costs nothing.
 *
 * It is loaded before the application, so it is also what can say that this Node is too old for it: an import that such a
 * Node does not have would end the process before a line of main.js runs.
 */
import * as crypto from 'node:crypto';
import { readTracingSettings, type TracingSettings } from './settings.js';

if (!('randomUUIDv7' in crypto))
  exitWith(
    `Node ${process.versions.node} is too old for the services: run node_modules/.bin/node, or Node 24.16 or later.`,
  );
const settings = settingsOrExit();
if (settings) {
  const { startTracing } = await import('./start-tracing.js');
  startTracing(settings);
}

function settingsOrExit(): TracingSettings | undefined {
  try {
    return readTracingSettings(process.env, process.argv[1]);
  } catch (error) {
    return exitWith((error as Error).message);
  }
}

function exitWith(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  return process.exit(1);
}
