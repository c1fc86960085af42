import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/** Whether packages can be downloaded and unpacked here: apt and dpkg exist (Debian, Ubuntu). No root is needed. */
export function hasApt() {
  return ['apt-get', 'apt-cache', 'dpkg-deb', 'dpkg-query'].every((tool) => !spawnSync(tool, ['--version']).error);
}

/** The keys of all of Debian's suites; the package that has them is on every Debian, on Ubuntu only when it was asked for. */
const debianKeys = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Whether packages of another suite of Debian can be had, such as sid: its signatures can be verified. */
export const hasDebianKeys = () => existsSync(debianKeys);

/**
 * Downloads a Debian package with what it depends on, and unpacks all of it into `target`. Works as an ordinary user and
 * changes nothing on the machine: package lists, cache and configuration are private to `workDirectory`, and apt verifies
 * signatures and checksums as always.
 *
 * @param {string} [suite] the suite of Debian to take it from; by default what the machine's own sources offer
 * @param {(name: string, installed: boolean) => boolean} wanted which of the packages that it needs are to be unpacked
 */
export async function downloadAndUnpack({ packageName, suite, wanted, workDirectory, target, say, signal }) {
  const apt = { ...privateApt(workDirectory, suite), signal };
  say('reading the package lists');
  await run('apt-get', ['-q', 'update'], apt);
  const names = await neededPackages(packageName, apt);
  const installed = installedPackages();
  const downloads = names.filter((name) => wanted(name, installed.has(name)));
  say(`downloading ${downloads.length} packages`);
  const debs = join(workDirectory, 'debs');
  mkdirSync(debs);
  await run('apt-get', ['-q', 'download', ...downloads], { ...apt, cwd: debs });
  say('unpacking');
  mkdirSync(target, { recursive: true });
  for (const deb of readdirSync(debs)) await run('dpkg-deb', ['-x', join(debs, deb), target], apt);
  rmSync(debs, { recursive: true });
}

// The machine's own apt configuration is taken over only as far as it says how to fetch (proxies, time-outs): its hooks,
// for example those of Docker images that empty the machine's package cache, must not run.
function privateApt(directory, suite) {
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
    ...(suite && onlyFrom(suite, directory)),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  writeFileSync(configuration, [...(fetching ?? []), ...lines, ''].join('\n'));
  return { env: { ...process.env, APT_CONFIG: configuration, LC_ALL: 'C' }, cwd: directory };
}

// From the machine's own mirror of Debian, if it has one.
function onlyFrom(suite, directory) {
  const configured = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' }).stdout;
  const mirror = configured?.match(/^http.*\/debian\/$/m)?.[0] ?? 'http://deb.debian.org/debian/';
  const list = join(directory, 'sources.list');
  writeFileSync(list, `deb [signed-by=${debianKeys}] ${mirror} ${suite} main\n`);
  return { 'Dir::Etc::sourcelist': list, 'Dir::Etc::sourceparts': '/dev/null' };
}

async function neededPackages(packageName, apt) {
  const simulated = await run('apt-get', ['-q', '--simulate', 'install', packageName], apt);
  return [...simulated.matchAll(/^Inst ([^\s:]+)/gm)].map(([, name]) => name);
}

function installedPackages() {
  const status = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'], { encoding: 'utf8' }).stdout;
  return new Set([...status.matchAll(/^installed (\S+)$/gm)].map(([, name]) => name));
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
