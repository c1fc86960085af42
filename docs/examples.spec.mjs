import { readFileSync } from 'node:fs';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const blocksOf = (page) => [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
/** Indentation and where a line is broken depend on where the code stands. */
const withoutSpace = (code) => code.replaceAll(/\s+/g, '');
/** An example may be shown in one piece that stands in several in its spec, parted by empty lines. */
const piecesOf = (code) => code.split('\n\n').map(withoutSpace);

const specsOf = {
  'docs/testing-tasks.md': ['examples.spec.ts', 'examples.int.spec.ts'],
  'docs/policies.md': ['policies.spec.ts'],
};

describe.each(Object.entries(specsOf))('The examples of %s', (page, specs) => {
  const run = withoutSpace(specs.map((name) => read(`libs/task-testing/src/${name}`)).join('\n'));

  it.each(blocksOf(read(page)))('are run as they are written: %s', (code) => {
    expect(piecesOf(code).filter((piece) => !run.includes(piece))).toEqual([]);
  });
});
