import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url));
export const composePath = fileURLToPath(new URL('../../../docker-compose.yml', import.meta.url));

const text = readFileSync(composePath, 'utf8');

/** The variables that docker-compose.yml takes from the environment, each with the default that stands there. */
export const composeVariables = [...text.matchAll(/(?<!\$)\$(?:\{(\w+)(?::-([^}]*))?([^}]*)\}|(\w+))/g)].map(
  ([whole, name, standard, rest]) => ({ whole, name, standard, plain: name !== undefined && rest === '' }),
);

/** docker-compose.yml as `docker compose up` sees it without any variable set. */
export const compose = parse(text, { merge: true, reviver: (_, value) => resolved(value) });

/** [name, definition] of every service. */
export const services = Object.entries(compose.services);

/** Those of our own code. */
export const ownServices = services.filter(([, { build }]) => build);

/** Those of our own code that stay. */
export const runningServices = ownServices.filter(([name]) => !endsByItself(name));

/** Whether others wait for its end. */
export function endsByItself(name) {
  return services.some(([, { depends_on: needs }]) => needs?.[name]?.condition === 'service_completed_successfully');
}

/** The seconds of a duration such as 1m30s. */
export function secondsOf(duration) {
  const [, minutes = 0, seconds = 0] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

function resolved(value) {
  if (typeof value !== 'string') return value;
  return value.replace(/(?<!\$)\$\{\w+:-([^}]*)\}/g, '$1').replaceAll('$$', '$');
}
