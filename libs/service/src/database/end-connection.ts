import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from 'pg';

/** As much of node-postgres' client as is needed. */
export interface EndableClient {
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly processID: number;
  readonly secretKey: number;
  readonly connection: { readonly stream: Socket };
}

/** What its types leave out of node-postgres' `Connection`. */
interface CancellingConnection {
  readonly stream: Socket;
  on(event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): unknown;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

const newConnection = (ssl: unknown): CancellingConnection =>
  new Connection({ ssl } as object) as unknown as CancellingConnection;

const longestWaitMs = 5_000;
const cancelEveryMs = 250;
const longestCancelMs = 1_000;

/**
 * Ends a connection whatever its server is doing for it, and with it its transaction. Resolves when PostgreSQL has rolled that
 * back, and its locks are free, or after 5 s; never rejects. It needs no other connection, neither the pool's nor one that
 * PostgreSQL would have to have left.
 *
 * 1. A cancel request ends the statement that runs or waits for a lock; it goes first, since a pooler forgets whom it is about.
 * 2. Our end is closed: nothing more is sent, and PostgreSQL rolls back what is open as soon as it reads that.
 * 3. Another statement may have begun in between, so the request is repeated until PostgreSQL has closed its end.
 */
export async function endConnection(client: EndableClient): Promise<void> {
  const { stream } = client.connection;
  if (stream.destroyed) return;
  const closed = once(stream, 'close').catch(() => undefined);
  const deadline = delay(longestWaitMs, undefined, { ref: false });
  let over = false;
  void Promise.race([closed, deadline]).then(() => (over = true));
  await cancel(client);
  stream.end();
  while (!over) {
    await Promise.race([closed, delay(cancelEveryMs, undefined, { ref: false })]);
    if (!over) await cancel(client);
  }
  stream.destroy();
}

/** Resolves when the server has taken the request, which it tells by closing. */
async function cancel({ host, port, ssl, processID, secretKey }: EndableClient): Promise<void> {
  const request = newConnection(ssl);
  const send = () => request.cancel(processID, secretKey);
  request.on('connect', () => (ssl ? request.requestSsl() : send()));
  request.on('sslconnect', send);
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  request.on('error', resolve);
  request.on('end', resolve);
  if (host.startsWith('/')) request.connect(`${host}/.s.PGSQL.${port}`);
  else request.connect(port, host);
  await Promise.race([taken, delay(longestCancelMs, undefined, { ref: false })]);
  request.stream.destroy();
}
