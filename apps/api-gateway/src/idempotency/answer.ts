import type { FastifyReply } from 'fastify';

/** What a request that creates something is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Sets status and headers; the returned body is what the controller returns. */
export function respond(reply: FastifyReply, { status, headers, body }: Answer): unknown {
  reply.status(status).headers(headers);
  return body;
}
