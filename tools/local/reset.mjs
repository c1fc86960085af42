import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasApt } from './apt-download.mjs';
import { endProcessesOf } from './leftovers.mjs';
import { takeLock } from './launcher-lock.mjs';
import { requireNode } from './node-version.mjs';
import { localDirectory } from './paths.mjs';
import { red } from './progress.mjs';
import { serverHome } from './server-home.mjs';
import { describeFailure } from './setup-error.mjs';

requireNode();

/*
 * Forgets what `npm start` has kept: messages, database, mails, keys, ports, logs. Downloaded servers stay, so that the next
 * start is quick; --all forgets them too.
 */
try {
  if (existsSync(localDirectory)) await reset({ all: process.argv.includes('--all') });
  console.log('The data of "npm start" below .local is forgotten; the next start begins anew.');
  const others = ['AMQP_URL', 'DATABASE_URL', 'SMTP_URL'].filter((name) => process.env[name]);
  if (others.length > 0)
    console.log(`What ${others.join(', ')} lead${others.length > 1 ? '' : 's'} to keeps its data.`);
  if (!hasApt())
    console.log(
      'Where "npm start" ran its servers by Docker, they keep theirs until you run: docker compose down --volumes',
    );
} catch (error) {
  console.error(red(describeFailure(error)));
  process.exitCode = 1;
}

async function reset({ all }) {
  const lock = 'launcher.lock';
  const releaseLock = takeLock(join(localDirectory, lock));
  await endProcessesOf(localDirectory);
  const kept = all ? [lock] : [lock, 'packages'];
  const home = serverHome();
  for (const directory of new Set([localDirectory, home])) {
    for (const name of readdirSync(directory)) {
      if (!kept.includes(name)) rmSync(join(directory, name), { recursive: true, force: true, maxRetries: 5 });
    }
  }
  releaseLock();
  if (all) for (const directory of new Set([home, localDirectory])) rmSync(directory, { recursive: true, force: true });
}
