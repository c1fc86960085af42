import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import prettier from 'prettier';
import { repositoryRoot } from '../local/paths.mjs';
import { SetupError } from '../local/setup-error.mjs';

const ignorePath = join(repositoryRoot, '.prettierignore');

/** Files as they will be: nothing is written before every edit has succeeded. Paths are relative to the repository. */
export class Changes {
  #files = new Map();

  /** The text of a file, with what has been changed. */
  read(path) {
    if (this.#files.has(path)) return this.#files.get(path);
    return readFileSync(join(repositoryRoot, path), 'utf8');
  }

  has(path) {
    return this.#files.has(path) || existsSync(join(repositoryRoot, path));
  }

  /** @throws {SetupError} the file is there already. */
  create(path, text) {
    if (this.has(path)) throw new SetupError(`${path} exists already; nothing was changed.`);
    this.#files.set(path, text);
  }

  /** @param change the new text from the old one; it must differ. @throws {SetupError} it does not. */
  edit(path, change) {
    const before = this.read(path);
    const after = change(before);
    if (after === before) throw new SetupError(`${path} is not as it was when this tool was written: see tools/new.`);
    this.#files.set(path, after);
  }

  /** A file that another program changes afterwards, so that taking all back reaches it too. */
  keep(path) {
    this.#files.set(path, this.read(path));
  }

  async format() {
    for (const [path, text] of this.#files) {
      const filepath = join(repositoryRoot, path);
      const { inferredParser, ignored } = await prettier.getFileInfo(filepath, { ignorePath });
      if (ignored || !inferredParser) continue;
      this.#files.set(path, await prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath }));
    }
  }

  /** A line for each file. */
  summary() {
    return [...this.#files.keys()].map((path) =>
      existsSync(join(repositoryRoot, path)) ? `changed  ${path}` : `new      ${path}`,
    );
  }

  /** Writes them. @returns what takes it all back. */
  write() {
    const undo = [...this.#files].map(([path, text]) => replaceFile(join(repositoryRoot, path), text));
    return () => undo.reverse().forEach((restore) => restore());
  }
}

function replaceFile(file, text) {
  const before = existsSync(file) ? readFileSync(file) : undefined;
  const firstNew = mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return () => {
    if (before) writeFileSync(file, before);
    else rmSync(firstNew ?? file, { recursive: true });
  };
}
