import type { Socket } from 'node:net';

/** As much of node-postgres' client as is needed. */
export interface PooledClient {
  on(event: 'error', listener: () => void): unknown;
  readonly connection: { readonly stream: Socket };
}

/**
 * Ends a connection on which nothing at all has come or gone for so long that it cannot be alive: a network may swallow
 * what is sent without telling either end, and a query would wait for its answer for ever. Its query then fails as one whose
 * connection was lost, and the pool opens another.
 *
 * On a live connection something comes sooner: PostgreSQL ends statements and idle transactions by their time-outs, and the
 * pool ends what nobody uses.
 */
export function endWhenSilent({ connection: { stream } }: PooledClient, seconds: number): void {
  stream.setTimeout(seconds * 1000, () => stream.destroy(new SilentConnectionError(seconds)));
}

class SilentConnectionError extends Error {
  override readonly name = 'SilentConnectionError';
  /** The code of a network that gave up, so that everybody takes it for that. */
  readonly code = 'ETIMEDOUT';

  constructor(seconds: number) {
    super(`Nothing came from PostgreSQL for ${seconds} s; the connection is taken for lost.`);
  }
}
