import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand } from '../local/install.mjs';
import { nodeModules, repositoryRoot } from '../local/paths.mjs';
import { SetupError } from '../local/setup-error.mjs';
import { Changes } from './changes.mjs';
import { addToList } from './source.mjs';
import { pascal, readServices, run } from './workspace.mjs';

/** A service that runs tasks: an app, and its place in everything that starts, tests and ships services. */
export function add([name, ...more]) {
  if (!/^[a-z][a-z0-9-]*-service$/.test(name ?? ''))
    throw new SetupError(
      `A service is named <what it is about>-service in lower case, such as reports-service${name ? `; "${name}" is not` : ''}.`,
    );
  if (more.length > 0) throw new SetupError(`What is "${more.join(' ')}"? A service takes a name alone.`);
  if (readServices().includes(name)) throw new SetupError(`apps/${name} is there already.`);
  const changes = new Changes();
  const short = name.replace(/-service$/, '');
  for (const [path, text] of Object.entries(filesOf({ name, short, class: pascal(short) })))
    changes.create(`apps/${name}/${path}`, text);
  changes.edit('tsconfig.json', (text) => {
    const config = JSON.parse(text);
    config.references.push({ path: `./apps/${name}` });
    return json(config);
  });
  changes.keep('package-lock.json');
  changes.edit('tools/local/services.mjs', (text) =>
    addToList(text, 'services', `{ name: '${name}', metrics: '${name}-metrics', environment: {} }`),
  );
  changes.edit('docker-compose.yml', (text) => text.replace(/\nvolumes:\n/, `\n${composeOf(name)}\nvolumes:\n`));
  changes.edit('README.md', (text) =>
    text.replace(/(\n\| `libs\/contracts` )/, `\n| \`apps/${name}\` | runs tasks of its own |$1`),
  );
  return {
    changes,
    finish: async (signal) => {
      // The workspace's package-lock.json has every app in it.
      const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
      // Its registry, proxy and offline mode are those of whoever runs us.
      await run({ ...npmCommand(...install), env: process.env }, signal);
      await run({ command: join(nodeModules, '.bin/nx'), args: ['sync'] }, signal);
    },
    next: `${name} starts with "npm start", in docker-compose.yml and in the tests, and has nothing to do yet. Next:
1. A queue for it:  npm run new queue ${short} ${name} '${short}.*'
2. A task for that: npm run new task ${short}.verb-object database`,
  };
}

const json = (value) => JSON.stringify(value, null, 2);

const versionsOf = (app) =>
  JSON.parse(readFileSync(join(repositoryRoot, 'apps', app, 'package.json'), 'utf8')).dependencies;

/** The packages that every service with tasks needs, in the versions of those that are there. */
function manifestOf(name) {
  const wanted = [
    '@mentorhub/contracts',
    '@mentorhub/service',
    '@mentorhub/task-contracts',
    '@mentorhub/task-store',
    '@mentorhub/task-worker',
    '@mentorhub/tracing',
    '@nestjs/common',
    '@nestjs/core',
    '@nestjs/microservices',
    '@nestjs/platform-fastify',
    '@nestjs/typeorm',
    'pg',
    'reflect-metadata',
    'rxjs',
    'typeorm',
    'zod',
  ];
  const versions = versionsOf('analytics-service');
  const own = versions['@mentorhub/contracts'];
  return {
    name: `@mentorhub/${name}`,
    version: own,
    private: true,
    type: 'module',
    nx: { tags: ['type:app', `scope:${name}`] },
    dependencies: Object.fromEntries(wanted.map((dependency) => [dependency, versions[dependency]])),
    devDependencies: {
      '@mentorhub/task-testing': own,
      '@mentorhub/testing': own,
    },
  };
}

const composeOf = (name) => `  ${name}:
    <<: *service
    build:
      context: .
      dockerfile: infra/docker/Dockerfile
      target: service
      args:
        <<: *build-args
        SERVICE: ${name}
    environment: *environment
`;

const filesOf = ({ name, short, class: prefix }) => ({
  'package.json': json(manifestOf(name)),
  'jest.config.mjs': `import { projectConfig } from '../../jest.preset.mjs';

export default projectConfig('${name}');
`,
  'tsconfig.json': json({
    extends: '../../tsconfig.base.json',
    files: [],
    include: [],
    references: [{ path: './tsconfig.app.json' }, { path: './tsconfig.spec.json' }],
  }),
  'tsconfig.app.json': json({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/tsconfig.app.tsbuildinfo' },
    include: ['src/**/*.ts'],
    exclude: ['src/**/*.spec.ts'],
    references: [],
  }),
  'tsconfig.spec.json': json({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: '.', outDir: 'out-tsc/spec', types: ['node', 'jest'] },
    include: ['src/**/*.spec.ts', 'test/**/*.ts', 'src/**/*.d.ts'],
    references: [{ path: './tsconfig.app.json' }],
  }),
  'src/main.ts': `import 'reflect-metadata';
import { runService } from '@mentorhub/service';
import { ${camel(prefix)}Service } from './${name}.js';

await runService(${camel(prefix)}Service());
`,
  'src/migrate.ts': `import 'reflect-metadata';
import { migrateCommand } from '@mentorhub/service';
import { migrationPlans } from './database/migrate-database.js';

await migrateCommand('${name}', migrationPlans);
`,
  'src/config.ts': `import { loadConfig } from '@mentorhub/service';
import { taskServiceConfig } from '@mentorhub/task-worker';
import { z } from 'zod';

const schema = z.object({ ...taskServiceConfig });

export type ${prefix}Config = z.output<typeof schema>;

/** @throws {ConfigError} naming each variable that is wrong, and what to set. */
export const load${prefix}Config = (env?: NodeJS.ProcessEnv): ${prefix}Config => loadConfig(schema, env);
`,
  [`src/${name}.ts`]: `import type { ServiceOptions } from '@mentorhub/service';
import { TaskServer } from '@mentorhub/task-worker';
import { load${prefix}Config, type ${prefix}Config } from './config.js';
import { ${prefix}Module, serviceName } from './${short}.module.js';

/** The service as \`main\` runs it and tests start it. */
export const ${camel(prefix)}Service = (env?: NodeJS.ProcessEnv): ServiceOptions<${prefix}Config> => ({
  name: serviceName,
  config: () => load${prefix}Config(env),
  module: (config) => ${prefix}Module.forRoot(config),
  strategies: (app) => [app.get(TaskServer)],
});
`,
  [`src/${short}.module.ts`]: `import { mentorHub, queuesConsumedBy } from '@mentorhub/contracts';
import { taskService } from '@mentorhub/task-worker';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import type { ${prefix}Config } from './config.js';
import { migrationPlans } from './database/migrate-database.js';

export const serviceName = '${name}';

/** Modules with handlers of tasks. */
const taskModules: Type[] = [];

/** Tasks of each queue that are worked at once; those with database effects need a connection of the pool each. */
const concurrency = 10;

@Module({})
export class ${prefix}Module {
  static forRoot(config: ${prefix}Config): DynamicModule {
    const queues = Object.fromEntries(queuesConsumedBy(serviceName).map((queue) => [queue, { concurrency }]));
    return {
      module: ${prefix}Module,
      imports: [
        ...taskService({ service: serviceName, config, schemas: migrationPlans, contracts: mentorHub, queues }),
        ...taskModules,
      ],
    };
  }
}
`,
  'src/database/migrate-database.ts': `import { migrateDatabase as migrate, type MigrationPlan } from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';

/** The schemas that this service uses; tables of its own go into a schema of its own. Lists of migrations are append-only. */
export const migrationPlans: MigrationPlan[] = [taskStoreMigrationPlan];

/** Brings them up to date in the database at \`url\`; the names of the migrations that were applied. */
export const migrateDatabase = (url: string): Promise<string[]> => migrate(url, '${name}', migrationPlans);
`,
  [`src/${name}.int.spec.ts`]: `import { catalogue, queuesConsumedBy } from '@mentorhub/contracts';
import { TaskServer } from '@mentorhub/task-worker';
import { Running${prefix}Service } from '../test/running-${name}.js';

describe('${name}', () => {
  let running: Running${prefix}Service;

  beforeAll(async () => {
    running = await Running${prefix}Service.start();
  });
  afterAll(() => running?.stop());

  it('has handlers of those tasks, and consumers on those queues, that the contracts say', async () => {
    const told = catalogue.consumers.find((one) => one.service === '${name}')?.tasks ?? [];
    const handled = [...running.service.app.get(TaskServer).getHandlers().keys()];
    expect(handled.filter((task) => catalogue.tasks.has(task)).sort()).toEqual(told.map((task) => task.name).sort());
    const { checks } = await running.service.health.report();
    for (const queue of queuesConsumedBy('${name}')) expect(checks[\`consumer \${queue}\`]).toBe('ok');
  });
});
`,
  [`test/running-${name}.ts`]: `import { startService, type RunningService } from '@mentorhub/service';
import { createDatabase, createVhost, eventually, type TestDatabase, type TestVhost } from '@mentorhub/testing';
import type { ${prefix}Config } from '../src/config.js';
import { migrateDatabase } from '../src/database/migrate-database.js';
import { ${camel(prefix)}Service } from '../src/${name}.js';

/** ${name} in this process, on a vhost and a database of its own. */
export class Running${prefix}Service {
  private constructor(
    readonly service: RunningService<${prefix}Config>,
    readonly database: TestDatabase,
    readonly vhost: TestVhost,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<Running${prefix}Service> {
    const [database, vhost] = await Promise.all([
      createDatabase({ template: '${name}', migrate: async (url) => void (await migrateDatabase(url)) }),
      createVhost(),
    ]);
    const service = await startService(
      ${camel(prefix)}Service({
        DATABASE_URL: database.url,
        AMQP_URL: vhost.amqpUrl,
        PAYLOAD_KEYS: \`a:\${Buffer.alloc(32, 7).toString('base64')}\`,
        HOST: '127.0.0.1',
        METRICS_PORT: '0',
        LOG_LEVEL: 'silent',
        ...env,
      }),
    );
    await eventually(async () => (await service.health.report()).status === 'ok', { what: 'readiness' });
    return new Running${prefix}Service(service, database, vhost);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await Promise.all([this.vhost.remove(), this.database.remove()]);
  }
}
`,
});

function camel(name) {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
