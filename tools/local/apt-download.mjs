import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/** Whether packages can be downloaded and unpacked here: apt and dpkg exist (Debian, Ubuntu). No root is needed. */
export function hasApt() {
  return ['apt-get', 'apt-cache', 'dpkg-deb', 'dpkg-query'].every((tool) => !spawnSync(tool, ['--version']).error);
}

/**
 * Downloads a Debian package, and of what it depends on everything that is not installed, and unpacks all of it into
 * `target`. Works as an ordinary user and changes nothing on the machine: package lists, cache and configuration are
 * private to `workDirectory`, and apt verifies signatures and checksums as always.
 *
 * @param {RegExp} always packages to unpack even if the machine has them installed, so that the result hangs together
 */
export async function downloadAndUnpack({ packageName, always, workDirectory, target, say, signal }) {
  const apt = { ...privateApt(workDirectory), signal };
  say('reading the package lists');
  await run('apt-get', ['-q', 'update'], apt);
  const wanted = await missingPackages(packageName, always, apt);
  say(`downloading ${wanted.length} packages`);
  const debs = join(workDirectory, 'debs');
  mkdirSync(debs);
  await run('apt-get', ['-q', 'download', ...wanted], { ...apt, cwd: debs });
  say('unpacking');
  mkdirSync(target, { recursive: true });
  for (const deb of readdirSync(debs)) await run('dpkg-deb', ['-x', join(debs, deb), target], apt);
  rmSync(debs, { recursive: true });
}

// The machine's own apt configuration is taken over only as far as it says how to fetch (proxies, time-outs): its hooks,
// for example those of Docker images that empty the machine's package cache, must not run.
function privateApt(directory) {
  for (const folder of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(directory, folder), { recursive: true });
  const status = join(directory, 'status');
  writeFileSync(status, ''); // As if nothing were installed: apt then names everything that the package needs.
  const fetching = spawnSync('apt-config', ['dump'], { encoding: 'utf8' }).stdout.match(
    /^(Acquire|APT::Architecture).*$/gm,
  );
  const configuration = join(directory, 'apt.conf');
  const settings = {
    'Dir::Etc::main': '/dev/null',
    'Dir::Etc::parts': '/dev/null',
    'Dir::State::lists': join(directory, 'lists'),
    'Dir::State::status': status,
    'Dir::Cache': join(directory, 'cache'),
    'APT::Sandbox::User': 'root', // Else apt, run by root, drops to a user who may not write here.
    'APT::Install-Recommends': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Acquire::http::Timeout': '30',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  writeFileSync(configuration, [...(fetching ?? []), ...lines, ''].join('\n'));
  return { env: { ...process.env, APT_CONFIG: configuration, LC_ALL: 'C' }, cwd: directory };
}

async function missingPackages(packageName, always, apt) {
  const simulated = await run('apt-get', ['-q', '--simulate', 'install', packageName], apt);
  const needed = [...simulated.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  const status = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'], { encoding: 'utf8' }).stdout;
  const installed = new Set([...status.matchAll(/^installed (\S+)$/gm)].map(([, name]) => name));
  return needed.filter((name) => always.test(name) || !installed.has(name.replace(/:.*/, '')));
}

function run(command, args, { cwd, env, signal }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve(output);
      const log = output.trimEnd().split('\n').slice(-15).join('\n');
      reject(
        new SetupError(`"${[command, ...args].slice(0, 4).join(' ')}" failed (is the network reachable?):`, { log }),
      );
    });
  });
}
