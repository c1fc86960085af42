import { cpSync, existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { productionPackages } from './production-packages.mjs';

/*
 * Copies built services with all that they need to run, and nothing else:
 *   node infra/docker/collect-services.mjs <service>… | --migrated  <empty folder>
 * `--migrated` stands for every service that has migrations. The layout is the repository's own, so that links stay true.
 */

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
const output = process.argv.at(-1);
const named = process.argv.slice(2, -1);
const services = named.includes('--migrated') ? migratedServices() : named;
if (services.length === 0 || services.includes(''))
  fail('No service is named. Build with "--build-arg SERVICE=<a folder of apps>".');
for (const service of services) {
  if (!existsSync(join(root, 'apps', service, 'dist/main.js')))
    fail(
      `apps/${service} is no built service. SERVICE must be a folder of apps that has dist/main.js after the build.`,
    );
  collect(join(root, 'apps', service));
}

function migratedServices() {
  return readdirSync(join(root, 'apps')).filter((name) => existsSync(join(root, 'apps', name, 'dist/migrate.js')));
}

function collect(service) {
  const { directories, links } = productionPackages(service);
  for (const directory of directories) copyPackage(directory);
  for (const link of links) copyLink(link);
}

function copyPackage(directory) {
  const isOurs = !directory.includes(`${sep}node_modules${sep}`);
  const wanted = isOurs ? isWantedOfOurs : isWantedOfOthers;
  const filter = (file) => file === directory || wanted(relative(directory, file));
  cpSync(directory, placeOf(directory), { recursive: true, filter });
}

// Source maps of our own stay: they turn the lines of a stack into those of the source.
function isWantedOfOurs(file) {
  return file === 'package.json' || (/^dist($|[\\/])/.test(file) && !/\.d\.ts(\.map)?$|\.tsbuildinfo$/.test(file));
}

// A nested node_modules is no part of the package: what is needed of it is copied as a package of its own.
function isWantedOfOthers(file) {
  return file.split(sep)[0] !== 'node_modules' && !/\.d\.[cm]?ts$|\.map$/.test(file);
}

function copyLink(link) {
  if (existsSync(placeOf(link))) return;
  mkdirSync(dirname(placeOf(link)), { recursive: true });
  symlinkSync(readlinkSync(link), placeOf(link));
}

function placeOf(path) {
  return join(output, relative(root, path));
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
