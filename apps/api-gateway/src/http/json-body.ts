import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';
import { Problem } from '../problems/problem.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads JSON as Fastify does, keys that reach a prototype refused; bytes that are no UTF-8 are refused instead of replaced. */
export function readJsonBodies(app: NestFastifyApplication): void {
  const parse = app.getHttpAdapter().getInstance().getDefaultJsonParser('error', 'error');
  app.useBodyParser<RawServerDefault>('application/json', {}, (request, body, done) => {
    if (done) void parse(request, decode(body), done);
  });
}

function decode(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch (cause) {
    throw new Problem(400, 'The body is not in UTF-8, which JSON has to be.', { cause });
  }
}
