import { writeFileSync } from 'node:fs';
import { measurements } from './cases/index.mjs';
import { cellServers } from './servers/cell-servers.mjs';
import { loadSystem } from './systems/index.mjs';

/*
 * One cell: one case of one system, in a process, a database and a vhost of its own.
 * `node cell.mjs <system> <case> <settings and servers as JSON> <file for the answer>`
 */
const [systemName, caseName, argument, answerFile] = process.argv.slice(2);

process.on('unhandledRejection', fail);
answer(await measured().catch(fail));

async function measured() {
  const { settings, servers: given } = JSON.parse(argument);
  const { servers, remove } = await cellServers(given);
  const own = { ...servers, caseName };
  const system = await loadSystem(systemName);
  await system.prepare?.(own);
  const measure = system.measurements?.[caseName] ?? measurements[caseName];
  const result = await measure(system, own, settings);
  await remove();
  return result;
}

function fail(error) {
  console.error(error);
  answer({ failed: `${error.message}.`.replace(/\.\.$/, '.') });
}

function answer(result) {
  writeFileSync(answerFile, JSON.stringify(result));
  process.exit(0);
}
