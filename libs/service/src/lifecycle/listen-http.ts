import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError } from '../config/config-error.js';

/**
 * Opens the public port and returns it; does nothing without one.
 * @throws {ConfigError} when it is taken.
 */
export async function listenHttp(
  app: NestFastifyApplication,
  port: number | undefined,
  host: string,
): Promise<number | undefined> {
  if (port === undefined) return undefined;
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new ConfigError([
      `The HTTP port ${host}:${port} cannot be used (${code}). Set the service's port to a free one.`,
    ]);
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}
