import type { FastifyReply } from 'fastify';
import { Problem } from './problem.js';

/** Answers with the problem document, unless something was answered already. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  if (reply.sent) return;
  // As bytes, since Fastify adds a charset to texts, which this media type does not have.
  const body = Buffer.from(JSON.stringify(problem.document()));
  void reply
    .status(problem.status)
    .headers({ ...problem.headers, 'content-type': 'application/problem+json' })
    .send(body);
}

/** The router refuses some paths before any hook or filter sees them: Fastify's `frameworkErrors`. */
export function answerRouterError(error: { readonly statusCode?: number }, reply: FastifyReply): void {
  const status = error.statusCode ?? 400;
  const detail =
    status === 414
      ? 'A part of the path is too long.'
      : 'The path is not a valid URL: a percent sign in it stands wrong.';
  sendProblem(reply, new Problem(status, detail));
}
