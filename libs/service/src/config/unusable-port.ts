import { ConfigError } from './config-error.js';

/**
 * Why a server cannot listen, as a sentence that names the variable to change.
 *
 * @param variable that has the port.
 * @returns undefined when the error is about neither the port nor the address.
 */
export function unusablePort(error: unknown, variable: string, host: string, port: number): ConfigError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  const at = `${host}:${port}`;
  if (code === 'EADDRINUSE')
    return new ConfigError([
      `${variable} is wrong: something listens on ${at} already, maybe another copy of this service. Set ${variable} to a free port.`,
    ]);
  if (code === 'EACCES')
    return new ConfigError([
      `${variable} is wrong: this process may not listen on ${at}. Set ${variable} to a port of 1024 or above.`,
    ]);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new ConfigError([
      `HOST is wrong: this machine has no address "${host}" to listen on. Set HOST to one that it has, such as 0.0.0.0 for all.`,
    ]);
  return undefined;
}
