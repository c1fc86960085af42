import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compose, ownServices, repositoryRoot, runningServices } from './testing/compose-file.mjs';
import { builtFile, runNode } from './testing/run-node.mjs';

const printVariables = fileURLToPath(new URL('testing/print-variables.mjs', import.meta.url));
const apps = readdirSync(`${repositoryRoot}/apps`);

// Read by the tracing library, not by the services' configuration.
const isOpenTelemetrys = (name) => name.startsWith('OTEL_');

describe('the environment in docker-compose.yml', () => {
  it('is there for every service', () => {
    const names = runningServices.map(([name]) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(apps).toEqual(expect.arrayContaining(names));
    for (const [name, { build }] of runningServices) expect(build.args.SERVICE).toBe(name);
    for (const [, { build }] of ownServices) expect(build.dockerfile).toBe('infra/docker/Dockerfile');
  });

  it.each(runningServices)('has all that %s needs, and nothing that it does not know', (name, { environment }) => {
    const config = builtFile('apps', name, 'dist/config.js');
    const { status, stdout, stderr } = runNode([printVariables, config], environment);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const given = Object.keys(environment).filter((variable) => !isOpenTelemetrys(variable));
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining(given));
  });

  it('would be refused if something were missing', () => {
    const [[name]] = runningServices;
    const { status, stderr } = runNode([printVariables, builtFile('apps', name, 'dist/config.js')], {});
    expect(status).toBe(1);
    expect(stderr).toMatch(/^DATABASE_URL is not set\./m);
  });

  it.each(runningServices)('has all that the migration of %s needs', (name) => {
    const { status, stderr } = runNode([builtFile('apps', name, 'dist/migrate.js')], {});
    expect(status).toBe(1);
    const needed = [...stderr.matchAll(/^(\w+) is not set\./gm)].map(([, variable]) => variable);
    expect(needed).toEqual(Object.keys(compose.services.migrate.environment));
  });
});
