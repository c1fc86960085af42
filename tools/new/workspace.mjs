import { globSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceEnvironment } from '../local/environment.mjs';
import { localDirectory, nodeModules, pinnedNode, repositoryRoot } from '../local/paths.mjs';
import { runCommand } from '../local/run-command.mjs';
import { SetupError } from '../local/setup-error.mjs';
import { exportsOf, readObjects, readTexts } from './source.mjs';

export const contracts = 'libs/contracts/src';
export const routingFile = `${contracts}/routing.ts`;
/** Written by `npm run schemas`. */
export const schemasFile = 'libs/contracts/task-types.json';
export const consumersFile = `${contracts}/consumers.ts`;

/** The ordered routes: `{pattern, queue}`. */
export const readRoutes = (changes) => readObjects(changes.read(routingFile), 'routes');

/** `{service, tasks, queues}` of every service with tasks. */
export const readConsumers = (changes) => readObjects(changes.read(consumersFile), 'consumers');

/** The folders of apps. */
export const readServices = () => readdirSync(join(repositoryRoot, 'apps'));

/** As `queueFor` of the contracts decides. */
export const fits = ({ pattern }, task) =>
  pattern === '*' || pattern === task || (pattern.endsWith('.*') && task.startsWith(pattern.slice(0, -1)));

/** The names of all tasks, from the schemas that are exported of them. */
export const taskNames = () =>
  JSON.parse(readFileSync(join(repositoryRoot, schemasFile), 'utf8')).tasks.map(({ name }) => name);

/** Names of the exchanges and of the queues that carry no tasks of routes. */
export const ownNames = (changes) => {
  const topology = changes.read(`${contracts}/topology/topology.ts`);
  return ['exchanges', 'callQueues', 'streams'].flatMap((name) => readTexts(topology, name));
};

/** Every name that the contracts export, so that a new one is none of them. */
export const contractNames = () =>
  globSync(`${contracts}/**/*.ts`, { cwd: repositoryRoot })
    .filter((path) => !path.endsWith('.spec.ts'))
    .flatMap((path) => exportsOf(readFileSync(join(repositoryRoot, path), 'utf8')));

/** The file of a service's root module, and its name. */
export function rootModuleOf(changes, service) {
  const folder = `apps/${service}/src`;
  const file = readdirSync(join(repositoryRoot, folder)).find((name) => name.endsWith('.module.ts'));
  if (!file || !/\bconst taskModules\b/.test(changes.read(`${folder}/${file}`)))
    throw new SetupError(`${service} has no list "taskModules" in its root module, so no handler can be added to it.`);
  return `${folder}/${file}`;
}

/** `render-month` as `RenderMonth`. */
export const pascal = (words) => words.replace(/(?:^|-)([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** Builds the contracts and writes their JSON Schemas, as `npm run schemas` does. */
export async function exportSchemas(signal) {
  const tsc = join(nodeModules, '.bin/tsc');
  await run({ command: tsc, args: ['-b', 'libs/contracts/tsconfig.lib.json'] }, signal);
  await run({ command: pinnedNode(), args: ['libs/contracts/dist/schemas/export-task-schemas.js'] }, signal);
}

/** @throws {SetupError} with the end of its output when it fails; `signal`'s reason when that aborts. */
export async function run({ command, args, env = workspaceEnvironment() }, signal) {
  const logFile = join(localDirectory, 'logs/new.log');
  rmSync(logFile, { force: true });
  try {
    await runCommand({
      name: command,
      command,
      args,
      env,
      cwd: repositoryRoot,
      logFile,
      owner: `${localDirectory}/new-${process.pid}`,
      signal,
      sentence: `Everything is as it was, since this failed: ${[command, ...args].join(' ')}`,
    });
  } catch (error) {
    const [, wrong] = /^ContractError: (.*)$/m.exec(error.log ?? '') ?? [];
    throw wrong ? new SetupError(`Everything is as it was. It would not work: ${wrong}`) : error;
  }
}
