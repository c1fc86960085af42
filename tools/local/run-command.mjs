import { SetupError } from './setup-error.mjs';
import { startServerProcess, tail } from './server-process.mjs';

/**
 * Runs a program to its end; its output goes to `logFile`.
 *
 * @throws {SetupError} `sentence` with the end of the log when it fails; `signal`'s reason when that aborts (the program
 *   and its children are then gone)
 */
export async function runCommand({ name, command, args, env, cwd, logFile, owner, signal, sentence }) {
  signal?.throwIfAborted();
  const child = startServerProcess({ name, command, args, env, cwd, logFile, owner });
  const end = () => child.stop('SIGTERM', 5);
  signal?.addEventListener('abort', end, { once: true });
  const { code, error } = await child.exited;
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (code === 0) return;
  throw new SetupError(sentence, { log: error?.message ?? tail(logFile) });
}
