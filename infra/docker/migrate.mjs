import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

// Each service migrates its own schema; all of them under one lock in the database, so any number may run at once.
const apps = new URL('apps/', import.meta.url);
const migrated = readdirSync(apps).filter((name) => existsSync(new URL(`${name}/dist/migrate.js`, apps)));
for (const name of migrated) {
  const cwd = new URL(`${name}/`, apps);
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', 'dist/migrate.js'], {
    cwd,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
