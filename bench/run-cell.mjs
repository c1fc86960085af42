import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workspaceEnvironment } from '../tools/local/environment.mjs';
import { pinnedNode } from '../tools/local/paths.mjs';
import { startServerProcess, tail } from '../tools/local/server-process.mjs';

const program = fileURLToPath(new URL('./cell.mjs', import.meta.url));
const longestCellSeconds = 420;

/**
 * Runs one cell in a process of its own, its output in a file, since the product logs each task as it does in production.
 *
 * @returns {Promise<{value: number, details?: object} | {failed: string}>}
 */
export async function runCell({
  system,
  caseName,
  settings,
  servers,
  directory,
  owner,
  profileTo,
  signal,
  longestSeconds = longestCellSeconds,
}) {
  signal?.throwIfAborted();
  mkdirSync(directory, { recursive: true });
  const logFile = join(directory, `${system}.${caseName}.log`);
  const answerFile = join(directory, 'answer.json');
  rmSync(answerFile, { force: true });
  const profiling = profileTo ? ['--cpu-prof', `--cpu-prof-dir=${join(profileTo, `${caseName}.${system}`)}`] : [];
  const cell = startServerProcess({
    name: `${caseName} of ${system}`,
    command: pinnedNode(),
    args: ['--expose-gc', ...profiling, program, system, caseName, JSON.stringify({ settings, servers }), answerFile],
    env: { ...workspaceEnvironment(), NODE_ENV: 'production' },
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    logFile,
    owner,
  });
  const exit = await endOf(cell, signal, longestSeconds);
  if (exit.code === 0) return JSON.parse(readFileSync(answerFile, 'utf8'));
  return { failed: exit.timedOut ? `It took longer than ${longestSeconds} s.` : lastWords(logFile) };
}

async function endOf(cell, signal, longestSeconds) {
  let timedOut = false;
  const end = () => cell.kill();
  const patience = setTimeout(() => {
    timedOut = true;
    void end();
  }, longestSeconds * 1000);
  signal?.addEventListener('abort', end, { once: true });
  const exit = await cell.exited;
  clearTimeout(patience);
  signal?.removeEventListener('abort', end);
  cell.killGroup(); // what the cell has started ends with it
  signal?.throwIfAborted();
  return { ...exit, timedOut };
}

const lastWords = (logFile) => tail(logFile, 12);
