import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { publicCaller } from '../auth/api-keys.js';
import { invalid } from '../problems/problem.js';
import { canonicalJson } from './canonical-json.js';

/** Who asks for what to be created, and by which key a repetition is known. */
export interface CreatingRequest {
  readonly caller: string;
  /** Method and route template. */
  readonly route: string;
  /** SHA-256 of the Idempotency-Key, and of those who send no key of ours with the body; undefined without one. */
  readonly keyHash: Buffer | undefined;
  /** SHA-256 of the body's meaning: neither blanks nor the order of fields count. */
  readonly bodyHash: Buffer;
}

/** Injects the `CreatingRequest` of a POST. @throws {Problem} 422 for a key that is none. */
export const Creating = createParamDecorator(creatingRequestOf);

/** @throws {Problem} 422 for a key that is none. */
export function creatingRequestOf(_data: unknown, context: ExecutionContext): CreatingRequest {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { caller } = request;
  const route = `${request.method} ${request.routeOptions.url}`;
  const key = readKey(request.headers['idempotency-key']);
  if (key === undefined) return { caller, route, keyHash: undefined, bodyHash: Buffer.alloc(0) };
  const bodyHash = sha256(canonicalJson(request.body));
  // All who need no key of ours are one caller: what one of them has used must not be in the way of another.
  const ownKey = caller === publicCaller ? `${key} ${bodyHash.toString('hex')}` : key;
  return { caller, route, keyHash: sha256(ownKey), bodyHash };
}

/** 1 to 255 visible ASCII characters. */
export function readKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined || (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header))) return header;
  throw invalid([{ path: 'Idempotency-Key', message: 'the header must be 1 to 255 visible ASCII characters' }]);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();
