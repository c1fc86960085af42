import { SetupError } from '../local/setup-error.mjs';
import { Changes } from './changes.mjs';
import { addToList, addToListOf, insertIntoList } from './source.mjs';
import {
  consumersFile,
  exportSchemas,
  fits,
  ownNames,
  readConsumers,
  readRoutes,
  readServices,
  rootModuleOf,
  routingFile,
  schemasFile,
} from './workspace.mjs';

/** A queue: a route to it, and a service that consumes it. Topology, dead letters and delays follow from those. */
export function add([queue, service, pattern = `${queue}.*`, ...more]) {
  const changes = new Changes();
  const routes = readRoutes(changes);
  check({ queue, service, pattern, more, routes, own: ownNames(changes) });
  changes.keep(schemasFile);
  rootModuleOf(changes, service);
  const before = routes.findIndex((route) => fits(route, pattern.replace(/\*$/, 'anything')) || route.pattern === '*');
  const route = `{ pattern: '${pattern}', queue: '${queue}' }`;
  changes.edit(routingFile, (text) => insertIntoList(text, 'routes', before, route));
  addToConsumers(changes, service, queue);
  documentQueue(changes, service, queue);
  return {
    changes,
    finish: exportSchemas,
    next: `Tasks that fit "${pattern}" go to "${queue}", which ${service} consumes. A task for it: npm run new task ${pattern.replace(/\*$/, 'verb-object')} database
Services declare the queue when they start; with AMQP_TOPOLOGY=verify a deployment has to.`,
  };
}

function check({ queue, service, pattern, more, routes, own }) {
  if (!/^[a-z][a-z0-9-]*$/.test(queue ?? ''))
    throw new SetupError(
      `A queue is named in lower case, without dots, such as reports${queue ? `; "${queue}" is not` : ''}.`,
    );
  if (!/^[a-z][a-z0-9-]*\.([a-z][a-z0-9-]*|\*)$/.test(pattern))
    throw new SetupError(`"${pattern}" is no pattern: write a task's name or <domain>.*, in quotes.`);
  if (more.length > 0)
    throw new SetupError(`What is "${more.join(' ')}"? A queue takes a name, a service and a pattern.`);
  const services = readServices();
  if (!services.includes(service))
    throw new SetupError(
      `Say which service consumes it: npm run new queue ${queue} <service>, one of ${services.join(', ')}.`,
    );
  if (own.includes(queue))
    throw new SetupError(`"${queue}" is a name of the platform's own (topology.ts); choose another one for the queue.`);
  if (routes.some((route) => route.queue === queue)) throw new SetupError(`The queue "${queue}" is there already.`);
  if (routes.some((route) => route.pattern === pattern))
    throw new SetupError(`"${pattern}" leads to another queue already; see ${routingFile}.`);
}

function addToConsumers(changes, service, queue) {
  const known = readConsumers(changes).some((consumer) => consumer.service === service);
  changes.edit(consumersFile, (text) =>
    known
      ? addToListOf(text, 'consumers', { by: 'service', value: service }, 'queues', `'${queue}'`)
      : addToList(text, 'consumers', `{ service: '${service}', tasks: [], queues: ['${queue}'] }`),
  );
}

/** Services whose QUEUES says which of their queues a process consumes have them in their documentation. */
function documentQueue(changes, service, queue) {
  const page = 'docs/policies.md';
  const rows = changes.read(page).split('\n');
  const row = rows.find((line) => line.startsWith('| `QUEUES`') && line.includes(`| ${service}`));
  if (!row) return;
  const own = readConsumers(changes).find((consumer) => consumer.service === service).queues;
  const last = own.at(-2);
  changes.edit(page, (text) => text.replace(row, row.replace(new RegExp(`\\b${last}(?=[,\`])`), `${last},${queue}`)));
}
