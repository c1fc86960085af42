import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { unusablePort } from '../config/unusable-port.js';

/**
 * Opens the public port, which stands in HTTP_PORT, and returns it; does nothing without one.
 * @throws {ConfigError} when it is taken, or the host is none of this machine.
 */
export async function listenHttp(
  app: NestFastifyApplication,
  port: number | undefined,
  host: string,
): Promise<number | undefined> {
  if (port === undefined) return undefined;
  try {
    // Nest's own way logs the error too, beside the sentence.
    await app.getHttpAdapter().getInstance().listen({ port, host });
  } catch (error) {
    throw unusablePort(error, 'HTTP_PORT', host, port) ?? error;
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}
