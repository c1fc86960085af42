import { SetupError } from '../local/setup-error.mjs';
import { Changes } from './changes.mjs';
import { addController, addImport, addToList, addToListOf, insertIntoList, readImportedNames } from './source.mjs';
import {
  consumersFile,
  contractNames,
  contracts,
  exportSchemas,
  fits,
  pascal,
  readConsumers,
  readRoutes,
  rootModuleOf,
  routingFile,
  schemasFile,
  taskNames,
} from './workspace.mjs';

/** What the files of a task import beside its contract. */
const imported = ['Controller', 'Module', 'Payload', 'TaskHandler', 'TestTasks'];

/** As the contracts have it. */
const longestName = 120;

const contexts = { database: 'DatabaseContext', external: 'ExternalContext', idempotent: 'TaskContext' };

/** A task: its contract among the others, a handler in the service that consumes its queue, and a test of that. */
export function add([name, effects, ...more], { queue, description, 'on-ambiguous': onAmbiguous }) {
  const task = taskOf(name, effects, onAmbiguous, more);
  const changes = new Changes();
  const place = placeOf(changes, name, queue);
  addContract(changes, { ...task, description: description ?? sentenceOf(task.verb), service: place.service });
  changes.keep(schemasFile);
  if (place.route) {
    const route = `{ pattern: '${name}', queue: '${place.queue}' }`;
    changes.edit(routingFile, (text) => insertIntoList(text, 'routes', place.route.before, route));
  }
  const folder = `apps/${place.service}/src/${task.domain}`;
  changes.create(`${folder}/${task.verb}.handler.ts`, handlerOf(task));
  if (effects === 'database')
    changes.create(`${folder}/${task.verb}.handler.int.spec.ts`, databaseSpecOf(task, place.service));
  else changes.create(`${folder}/${task.verb}.handler.spec.ts`, specOf(task));
  addToModule(changes, place.service, task);
  return {
    changes,
    finish: exportSchemas,
    next: `"${name}" goes through the queue "${place.queue}" to ${place.service}. Next:
1. Say what it needs in libs/contracts/src/tasks/${task.domain}.ts, then: npm run schemas
2. Write what it does in ${folder}/${task.verb}.handler.ts
3. Test it: npm test -- ${folder} libs/contracts`,
  };
}

function taskOf(name, effects, onAmbiguous, more) {
  const parts = /^([a-z][a-z0-9-]*)\.([a-z][a-z0-9-]*)$/.exec(name ?? '');
  if (!parts)
    throw new SetupError(
      `A task is named <domain>.<verb-object> in lower case, such as reports.render-month${name ? `; "${name}" is not` : ''}.`,
    );
  if (!Object.hasOwn(contexts, effects ?? ''))
    throw new SetupError(
      `Say what the handler changes: npm run new task ${name} database, external or idempotent${effects ? `; not "${effects}"` : ''}. "npm run new -- --help" explains them.`,
    );
  if (more.length > 0) throw new SetupError(`What is "${more.join(' ')}"? A task takes a name and its effects.`);
  if (effects === 'external' && !['again', 'park'].includes(onAmbiguous))
    throw new SetupError(
      `When a worker dies during the call, nobody knows whether it happened. Write "-- --on-ambiguous again" when a second call is the smaller harm (a mail), "-- --on-ambiguous park" when a person should decide (a payment).`,
    );
  if (effects !== 'external' && onAmbiguous)
    throw new SetupError(`--on-ambiguous goes with external effects; with ${effects} ones nothing is ambiguous.`);
  if (name.length > longestName)
    throw new SetupError(`A task's name has at most ${longestName} characters; this one has ${name.length}.`);
  const [, domain, verb] = parts;
  if (taskNames().includes(name)) throw new SetupError(`There is a task "${name}" already; choose another name.`);
  const contract = pascal(verb);
  if (contractNames().includes(contract))
    throw new SetupError(`The contracts have a "${contract}" already; choose another name for the task.`);
  if ([...imported, ...Object.values(contexts)].includes(contract) || contract in globalThis)
    throw new SetupError(
      `Its contract would be called "${contract}", as something else is; choose another name for the task.`,
    );
  return { name, effects, onAmbiguous, domain, verb, contract, context: contexts[effects] };
}

/** Which service handles it through which queue, and where a route must be added for that. */
function placeOf(changes, name, wanted) {
  const routes = readRoutes(changes);
  const consumers = readConsumers(changes);
  const first = routes.findIndex((route) => fits(route, name));
  const queue = wanted ?? routes[first].queue;
  const consumer = consumers.find(({ queues }) => queues.includes(queue));
  if (!consumer) {
    const queues = consumers.flatMap((one) => one.queues.map((known) => `${known} (${one.service})`)).join(', ');
    throw new SetupError(`There is no queue "${queue}"; there are ${queues}. "npm run new queue" adds one.`);
  }
  return { queue, service: consumer.service, route: queue === routes[first].queue ? undefined : { before: first } };
}

const sentenceOf = (verb) => `${verb.charAt(0).toUpperCase()}${verb.slice(1).replaceAll('-', ' ')}.`;

function addContract(changes, task) {
  const path = `${contracts}/tasks/${task.domain}.ts`;
  const options = [
    `name: '${task.name}'`,
    'version: 1',
    `effects: '${task.effects}'`,
    ...(task.onAmbiguous ? [`onAmbiguous: '${task.onAmbiguous}'`] : []),
    'payload: z.strictObject({})',
    `description: ${JSON.stringify(task.description)}`,
  ];
  const definition = `\nexport const ${task.contract} = defineTask({ ${options.join(',\n')} });\n`;
  if (changes.has(path)) {
    changes.edit(path, (text) => {
      const withImport = addImport(addImport(text, 'defineTask', '@mentorhub/task-contracts'), 'z', 'zod');
      return withImport + definition;
    });
  } else {
    changes.create(
      path,
      `import { defineTask } from '@mentorhub/task-contracts';\nimport { z } from 'zod';\n${definition}`,
    );
  }
  const line = `export * from './tasks/${task.domain}.js';`;
  if (!changes.read(`${contracts}/index.ts`).includes(line)) {
    changes.edit(`${contracts}/index.ts`, (text) => {
      const tasks = [...text.matchAll(/^export \* from '\.\/tasks\/.*$/gm)];
      const after = tasks.findLast(([known]) => known < line) ?? tasks[0];
      const at = after.index + after[0].length;
      return `${text.slice(0, at)}\n${line}${text.slice(at)}`;
    });
  }
  changes.edit(consumersFile, (text) => {
    const service = { by: 'service', value: task.service };
    const listed = addToListOf(text, 'consumers', service, 'tasks', task.contract);
    return addImport(listed, task.contract, `./tasks/${task.domain}.js`);
  });
}

const bodies = {
  database: {
    comment: 'What is written through ctx.tx commits together with the outcome of the task.',
    method: (payload, context) => `run(${payload}, ${context}): void { ctx.log.info('Nothing is done yet.'); }`,
  },
  external: {
    comment: 'ctx.once goes around the one call that counts.',
    method: (payload, context) => `async run(${payload}, ${context}): Promise<void> {
      await ctx.once(() => Promise.resolve(ctx.log.info('Nothing is called yet.')));
    }`,
  },
  idempotent: {
    comment: 'It may run more than once for one task.',
    method: (payload, context) => `run(${payload}, ${context}): void { ctx.log.info('Nothing is done yet.'); }`,
  },
};

function handlerOf({ contract, effects, context }) {
  const { comment, method } = bodies[effects];
  return `import { ${contract} } from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/task-contracts';
import { TaskHandler, type ${context} } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';

@Controller()
export class ${contract}Handler {
  // ${comment}
  @TaskHandler(${contract})
  ${method(`_payload: Payload<typeof ${contract}>`, `ctx: ${context}`)}
}
`;
}

const specOf = ({ contract, verb, name }) => `import { catalogue, ${contract} } from '@mentorhub/contracts';
import { TestTasks } from '@mentorhub/task-testing';
import { ${contract}Handler } from './${verb}.handler.js';

describe('${name}', () => {
  it('succeeds', async () => {
    const tasks = new TestTasks({ catalogue, controllers: [new ${contract}Handler()] });
    const task = await tasks.enqueue(${contract}, {});
    expect(await task.result()).toBeNull();
  });
});
`;

/** What a handler does to rows is seen in a database. */
const databaseSpecOf = (
  { contract, verb, name },
  service,
) => `import { catalogue, ${contract} } from '@mentorhub/contracts';
import { TestTasks } from '@mentorhub/task-testing';
import { createDatabase, type TestDatabase } from '@mentorhub/testing';
import { DataSource } from 'typeorm';
import { migrateDatabase } from '../database/migrate-database.js';
import { ${contract}Handler } from './${verb}.handler.js';

describe('${name}', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createDatabase({ template: '${service}', migrate: async (url) => void (await migrateDatabase(url)) });
    dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await database?.remove();
  });

  it('succeeds', async () => {
    const tasks = new TestTasks({ catalogue, controllers: [new ${contract}Handler()], tx: dataSource.manager });
    const task = await tasks.enqueue(${contract}, {});
    expect(await task.result()).toBeNull();
  });
});
`;

/** The module of the domain that is among the service's task modules already, or a new one. */
function addToModule(changes, service, { domain, verb, contract }) {
  const handler = `${contract}Handler`;
  const root = rootModuleOf(changes, service);
  const known = readImportedNames(changes.read(root), 'taskModules').find(({ path }) => path.startsWith(`${domain}/`));
  if (known) {
    changes.edit(`apps/${service}/src/${known.path}`, (text) =>
      addImport(addController(text, known.name, handler), handler, `./${verb}.handler.js`),
    );
    return;
  }
  const module = `${pascal(domain)}TasksModule`;
  const file = `${domain}/${domain}-tasks.module`;
  changes.create(
    `apps/${service}/src/${file}.ts`,
    `import { Module } from '@nestjs/common';
import { ${handler} } from './${verb}.handler.js';

/** Runs the tasks \`${domain}.*\`. */
@Module({ controllers: [${handler}] })
export class ${module} {}
`,
  );
  changes.edit(root, (text) => addImport(addToList(text, 'taskModules', module), module, `./${file}.js`));
}
