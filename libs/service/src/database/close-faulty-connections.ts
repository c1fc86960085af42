import type { DataSource } from 'typeorm';
import { connectionsToClose } from '../database-faults/index.js';
import type { PooledClient } from './end-silent-connection.js';

/** As much of node-postgres' pool and client as is needed. */
interface Pool {
  readonly idleCount: number;
  on(event: 'acquire', listener: (client: Client) => void): unknown;
  on(event: 'release', listener: (error: unknown, client: Client) => void): unknown;
  connect(taken: (error: unknown, client: unknown, release?: (destroy: boolean) => void) => void): void;
}

interface Client extends Omit<PooledClient, 'connection'> {
  readonly connection: PooledClient['connection'] & {
    on(event: 'errorMessage', listener: (error: unknown) => void): unknown;
  };
  end(): Promise<void>;
}

/**
 * Keeps a pool from handing out connections that are good for nothing: a server that was demoted goes on answering them,
 * and each one would fail the next who writes.
 *
 * 1. An error that discredits its connection closes it, once whoever asked has been told.
 * 2. One that discredits them all, since they lead to the same server, also closes those that are idle.
 * 3. Those in use are closed when they are given back.
 */
export function closeFaultyConnections(dataSource: DataSource): void {
  const { master: pool } = dataSource.driver as unknown as { master: Pool };
  const generations = new WeakMap<Client, number>();
  let generation = 0;

  const onError = (client: Client, error: unknown): void => {
    const scope = connectionsToClose(error);
    if (scope === 'none') return;
    if (scope === 'all') {
      generation += 1;
      closeIdle(pool);
    }
    client.connection.stream.destroy(new Error(`Connection terminated: ${(error as Error).message}`));
  };
  pool.on('acquire', (client) => {
    if (generations.has(client)) return;
    generations.set(client, generation);
    client.connection.on('errorMessage', (error) => onError(client, error));
  });
  pool.on('release', (_error, client) => {
    if ((generations.get(client) ?? generation) < generation) void client.end();
  });
}

function closeIdle(pool: Pool): void {
  for (let left = pool.idleCount; left > 0; left -= 1) pool.connect((_error, _client, release) => release?.(true));
}
