import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { cyan, say } from './progress.mjs';

/** The log file of a service, begun anew at every start; the one before is kept beside it. */
export function openLog(file) {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file)) renameSync(file, file.replace(/\.log$/, '.previous.log'));
  // Written at once, line by line: when a service has ended, the end of its log must be there to be shown.
  const log = openSync(file, 'a');
  return { write: (line) => writeSync(log, `${line}\n`), close: () => closeSync(log) };
}

/** Copies a service's output line by line to its log and, with the service's name before it, to the terminal. */
export function followOutput(child, name, log, width) {
  const prefix = cyan(`${name.padEnd(width)} │`);
  for (const stream of [child.stdout, child.stderr]) {
    const lines = createInterface({ input: stream, crlfDelay: Infinity });
    lines.on('line', (line) => {
      log.write(stripVTControlCharacters(line));
      say(`${prefix} ${line}`);
    });
  }
}
