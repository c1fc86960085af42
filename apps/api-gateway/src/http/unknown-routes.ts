import type { FastifyInstance } from 'fastify';
import { notFound, Problem } from '../problems/problem.js';

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** 404 for a path that nothing serves, 405 with `Allow` for a method that it does not have. Install before the routes. */
export function answerUnknownRoutes(fastify: FastifyInstance): void {
  const known = new Map<string, KnownPath>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const path = known.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const one of [method].flat()) path.methods.add(one);
    known.set(url, path);
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) throw unknown(pathOf(request.url), request.method, [...known.values()]);
    done();
  });
}

function unknown(path: string, method: string, known: readonly KnownPath[]): Problem {
  const methods = known.filter(({ pattern }) => pattern.test(path)).flatMap((one) => [...one.methods]);
  if (methods.length === 0) return notFound('Nothing is served at this path. /docs lists what is.');
  const allow = methods.join(', ');
  return new Problem(405, `${method} is not possible here, but ${allow} is.`, { headers: { allow } });
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
      .replaceAll('*', '.*')}$`,
  );
