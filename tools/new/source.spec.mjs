import {
  addController,
  addImport,
  addToList,
  addToListOf,
  insertIntoList,
  readImportedNames,
  readObjects,
  readTexts,
} from './source.mjs';

const text = `import { Module } from '@nestjs/common';
import { A, B } from './a.js';
import type { T } from './m.js';
import { Z } from './z.js';

const list: Type[] = [A, B];
const none: Type[] = [];
export const names = { first: 'one', second: 'two' } as const;
export const routes = defineRouting([
  // A comment.
  { pattern: 'a.*', queue: 'a' },
  { pattern: '*', queue: 'default' },
]);
const consumers = [{ service: 'one', tasks: [A], queues: ['a'] }, { service: 'two', tasks: [], queues: [] }];

@Module({ controllers: [A], providers: [B] })
export class AModule {}
`;

describe('edits of a source', () => {
  it('import a name once, with its module or where that stands in the order', () => {
    expect(addImport(text, 'C', './a.js')).toContain("import { A, B, C } from './a.js';");
    expect(addImport(text, 'A', './a.js')).toBe(text);
    expect(addImport(text, 'C', './c.js')).toContain("'./a.js';\nimport { C } from './c.js';\nimport type { T }");
    expect(addImport(text, 'C', './m.js')).toContain("import type { T } from './m.js';\nimport { C } from './m.js';");
    expect(addImport(text, 'C', './zz.js')).toContain("'./z.js';\nimport { C } from './zz.js';\n");
    expect(addImport('', 'C', './c.js')).toBe("\nimport { C } from './c.js';");
  });

  it('add to a list, empty or not, and before a member of one', () => {
    expect(addToList(text, 'list', 'C')).toContain('= [A, B, C];');
    expect(addToList(text, 'none', 'C')).toContain('= [C];');
    expect(insertIntoList(text, 'routes', 1, '{}')).toContain("queue: 'a' },\n  {},\n{ pattern: '*'");
  });

  it('add to a list of the object that is meant, and to the controllers of a module', () => {
    const two = { by: 'service', value: 'two' };
    expect(addToListOf(text, 'consumers', two, 'queues', "'b'")).toContain("tasks: [], queues: ['b'] }];");
    expect(addController(text, 'AModule', 'C')).toContain('controllers: [A, C], providers');
  });

  it('read what stands there', () => {
    expect(readObjects(text, 'consumers')[0]).toEqual({ service: 'one', tasks: ['A'], queues: ['a'] });
    expect(readTexts(text, 'names')).toEqual(['one', 'two']);
    expect(readImportedNames(text, 'list')).toEqual([
      { name: 'A', path: 'a.ts' },
      { name: 'B', path: 'a.ts' },
    ]);
  });

  it('say what is missing instead of guessing', () => {
    expect(() => addToList(text, 'elsewhere', 'C')).toThrow('There is no elsewhere in a file that this tool edits');
    const three = { by: 'service', value: 'three' };
    expect(() => addToListOf(text, 'consumers', three, 'queues', 'x')).toThrow('nothing with the service "three"');
    expect(() => addController(text, 'BModule', 'C')).toThrow('There is no module BModule with controllers');
  });
});
