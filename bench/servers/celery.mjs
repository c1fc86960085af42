import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../tools/local/setup-error.mjs';
import { unpackedPackages } from './debian-packages.mjs';

/** Debian's interpreter first: its packages are built for that one, whatever else a PATH has. */
const interpreters = ['/usr/bin/python3', 'python3'];
const names = ['python3-celery', 'python3-redis'];
const probe = 'import celery, redis; print(celery.__version__)';

/**
 * A Python that can import Celery with its Redis transport: installed, or Debian's packages unpacked for us alone.
 *
 * @returns {Promise<{python: string, version: string, environment: Record<string, string>}>}
 */
export async function findCelery({ packages, say, signal }) {
  const installed = working({});
  if (installed) return installed;
  const root = await unpackedPackages({
    names,
    always: /^python3-(celery|redis)$/,
    title: 'Celery',
    packages,
    say,
    signal,
  });
  const unpacked = working({ PYTHONPATH: join(root, 'usr/lib/python3/dist-packages') });
  if (unpacked) return unpacked;
  throw new SetupError('Celery was downloaded, but no Python here can import it. Install the package python3-celery.');
}

function working(environment) {
  for (const python of interpreters.filter((path) => !path.startsWith('/') || existsSync(path))) {
    const env = { ...process.env, ...environment };
    const { status, stdout } = spawnSync(python, ['-c', probe], { env, encoding: 'utf8' });
    if (status === 0) return { python, version: stdout.trim(), environment };
  }
  return undefined;
}
