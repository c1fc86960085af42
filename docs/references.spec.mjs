import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** Files and folders that a page names: targets of its links, and paths in back ticks. */
function namedIn(page) {
  const text = readFileSync(join(root, page), 'utf8');
  const links = [...text.matchAll(/\]\(([^)#\s]+)\)/g)].map(([, target]) => target);
  const paths = [...text.matchAll(/`((?:apps|libs|tools|infra|bench|chaos|docs)\/[\w./-]+)`/g)].map(([, path]) => path);
  const local = links.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(dirname(page), target));
  return [...local, ...paths].map(normalize);
}

describe('The documentation', () => {
  it.each(pages)('%s names only files that exist', (page) => {
    expect(namedIn(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('names every package of the workspace in the README', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const packages = ['apps', 'libs'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
    );
    expect(packages.filter((path) => existsSync(join(root, path, 'package.json')) && !readme.includes(path))).toEqual(
      [],
    );
  });
});
