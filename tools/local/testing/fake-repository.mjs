import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { killProcessesOf } from '../leftovers.mjs';
import { nodeModules, packageDirectory, pinnedNode, repositoryRoot } from '../paths.mjs';
import { postgresPackage } from '../postgres-binaries.mjs';
import { packagesDirectory } from '../server-home.mjs';
import { services } from '../services.mjs';

// Does what the launcher expects of a service and nothing else. GET /crash ends it as a fault would.
const SERVICE = `
import { createServer } from 'node:http';
console.log('service started with', JSON.stringify({ role: process.env.ROLE, database: process.env.DATABASE_URL, amqp: process.env.AMQP_URL }));
if (process.env.FAKE_BAD_CONFIGURATION) {
  console.error('MAIL_FROM is not an address.');
  process.exit(1);
}
const server = createServer((request, response) => {
  if (request.url === '/crash') process.exit(7);
  response.end(JSON.stringify(process.env));
});
server.listen(Number(process.env.METRICS_PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

/**
 * A repository that looks to the launcher like ours: a copy of this folder, real RabbitMQ, PostgreSQL and mail catcher, and
 * tiny services instead of a workspace that first had to be built. `name` is that of its folder, below one of its own.
 */
export function makeFakeRepository(name = 'repository') {
  const parent = realpathSync(mkdtempSync('/tmp/mentorhub-launcher-'));
  chmodSync(parent, 0o755);
  const root = join(parent, name);
  mkdirSync(root);
  const write = (path, content, mode) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  };
  cpSync(join(repositoryRoot, 'tools/local'), join(root, 'tools/local'), { recursive: true });
  write('package.json', '{ "type": "module", "scripts": { "start": "exec node tools/local/start.mjs" } }');
  write('package-lock.json', '{}');
  write('node_modules/.package-lock.json', '{}');
  // It builds nothing, and watches for ever.
  write('node_modules/.bin/tsc', '#!/bin/sh\ncase "$*" in *--watch*) exec sleep 600;; esac\n', 0o755);
  symlinkSync(pinnedNode(), join(root, 'node_modules/.bin/node'));
  write(
    'node_modules/@mentorhub/tracing/package.json',
    '{ "type": "module", "exports": { "./register": "./register.js" } }',
  );
  write('node_modules/@mentorhub/tracing/register.js', '');
  for (const name of ['maildev', postgresPackage]) {
    mkdirSync(dirname(join(root, 'node_modules', name)), { recursive: true });
    symlinkSync(packageDirectory(name) ?? join(nodeModules, name), join(root, 'node_modules', name));
  }
  for (const { name } of services) {
    write(`apps/${name}/dist/main.js`, SERVICE);
    write(`apps/${name}/dist/migrate.js`, "console.log('migrated');");
  }
  sharePackages(root);
  const discard = () => {
    killProcessesOf(join(root, '.local'));
    const elsewhere = join(root, '.local/servers-are-in');
    if (existsSync(elsewhere)) rmSync(readFileSync(elsewhere, 'utf8').trim(), { recursive: true, force: true });
    rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  return { root, write, discard };
}

function sharePackages(root) {
  mkdirSync(join(root, '.local'));
  if (existsSync(packagesDirectory())) symlinkSync(packagesDirectory(), join(root, '.local/packages'));
}
