import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * What the package in `directory` needs to run: itself and what its dependencies lead to, each found where Node would
 * find it. `npm ci --omit=dev --workspace` leaves more: it also keeps what the libraries need only for their own tests.
 * Left out are development dependencies, optional packages that are not installed, and optional peers, which a service
 * that wants them names itself.
 *
 * @returns {{directories: Set<string>, links: Set<string>}} absolute paths; `links` are the links to workspace packages
 * @throws {Error} when a dependency is not installed
 */
export function productionPackages(directory) {
  const directories = new Set();
  const links = new Set();
  const waiting = [realpathSync(directory)];
  for (let current = waiting.pop(); current; current = waiting.pop()) {
    if (directories.has(current)) continue;
    directories.add(current);
    for (const found of dependenciesOf(current)) {
      const real = realpathSync(found);
      if (real !== found) links.add(found);
      waiting.push(real);
    }
  }
  return { directories, links };
}

function dependenciesOf(directory) {
  const { name, dependencies, optionalDependencies, peerDependencies } = manifestOf(directory);
  const mayLack = { ...peerDependencies, ...optionalDependencies };
  const required = Object.keys(dependencies ?? {}).filter((dependency) => !(dependency in mayLack));
  const missing = required.filter((dependency) => !find(dependency, directory));
  if (missing.length > 0) throw new Error(`${name} needs ${missing.join(', ')}, which is not installed. Run "npm ci".`);
  const wanted = Object.keys(mayLack).filter((dependency) => !isOptionalPeer(directory, dependency));
  return [...required, ...wanted].map((dependency) => find(dependency, directory)).filter(Boolean);
}

function isOptionalPeer(directory, dependency) {
  const { peerDependencies, peerDependenciesMeta, dependencies } = manifestOf(directory);
  if (!(dependency in (peerDependencies ?? {})) || dependency in (dependencies ?? {})) return false;
  return peerDependenciesMeta?.[dependency]?.optional === true;
}

// The nearest node_modules upwards, as Node looks for it.
function find(dependency, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', dependency);
    if (basename(folder) !== 'node_modules' && existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

const manifestOf = (directory) => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
