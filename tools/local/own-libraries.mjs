import { chmodSync, closeSync, openSync, readSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Lets programs of another release of the distribution run here: each one below `programs` is replaced by a script that
 * starts it with the C library and the other libraries that were unpacked beside it (`root`). By a path for that one
 * program and not by LD_LIBRARY_PATH, which would reach the machine's own programs that it starts, such as /bin/sh.
 */
export function startWithOwnLibraries({ root, programs }) {
  const folder = join(root, 'usr/lib');
  const libraries = join(folder, onlyName(folder, /-linux-gnu$/));
  const loader = join(libraries, onlyName(libraries, /^ld-linux.*\.so\.\d+$/));
  for (const program of filesBelow(programs).filter(isProgram)) {
    renameSync(program, `${program}.unpacked`);
    const from = (path) => `"\${0%/*}/${relative(dirname(program), path)}"`;
    const start = `exec ${from(loader)} --library-path ${from(libraries)} --argv0 "$0" "$0.unpacked" "$@"`;
    writeFileSync(program, `#!/bin/sh\n${start}\n`);
    chmodSync(program, 0o755);
  }
}

function onlyName(folder, pattern) {
  const name = readdirSync(folder).find((entry) => pattern.test(entry));
  if (!name) throw new Error(`Nothing in ${folder} is named like ${pattern}.`);
  return name;
}

function filesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function isProgram(file) {
  if (file.endsWith('.so') || (statSync(file).mode & 0o100) === 0) return false;
  const start = Buffer.alloc(4);
  const opened = openSync(file, 'r');
  readSync(opened, start);
  closeSync(opened);
  return start.toString('latin1') === '\x7fELF';
}
