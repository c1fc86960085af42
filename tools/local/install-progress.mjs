import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Says how many of the packages in a package-lock.json npm has put into `nodeModules` so far. Asked while npm works. */
export function installProgress(lockFile, nodeModules) {
  const wanted = wantedPackages(lockFile);
  return () => `${Math.min(namesIn(nodeModules).length, wanted)} of ${wanted} packages`;
}

// Those at the top: what lies deeper comes with them. Packages of other platforms are never installed.
function wantedPackages(lockFile) {
  const { packages = {} } = JSON.parse(readFileSync(lockFile, 'utf8'));
  return Object.entries(packages).filter(([path, one]) => isTop(path) && isForHere(one)).length;
}

const isTop = (path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path);
const isForHere = ({ os, cpu }) => (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);

function namesIn(directory) {
  try {
    return readdirSync(directory).flatMap((name) => {
      if (name.startsWith('.')) return [];
      return name.startsWith('@') ? readdirSync(join(directory, name)) : [name];
    });
  } catch {
    return []; // npm has not begun, or is just removing what was there.
  }
}
