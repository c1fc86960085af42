import { posix } from 'node:path';
import ts from 'typescript';
import { SetupError } from '../local/setup-error.mjs';

/*
 * Edits of TypeScript by its syntax tree: each takes a text and gives the changed one. What they insert is formatted later.
 */

const parse = (text) => ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true);

function* nodesOf(node) {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

function find(text, fits, what) {
  for (const node of nodesOf(parse(text))) if (fits(node)) return node;
  throw new SetupError(`There is no ${what} in a file that this tool edits; see tools/new.`);
}

const insert = (text, at, inserted) => text.slice(0, at) + inserted + text.slice(at);

/** Imports `name` from `module`, together with what is imported from there already, or in the order of the modules' names. */
export function addImport(text, name, module) {
  const imports = parse(text).statements.filter(ts.isImportDeclaration);
  const same = imports.find(
    ({ moduleSpecifier, importClause }) =>
      moduleSpecifier.text === module && importClause?.namedBindings && !importClause.isTypeOnly,
  );
  if (!same) {
    const line = `import { ${name} } from '${module}';`;
    const next = imports.find(({ moduleSpecifier: { text: other } }) => other.startsWith('.') && other > module);
    return next ? insert(text, next.getStart(), `${line}\n`) : insert(text, imports.at(-1)?.end ?? 0, `\n${line}`);
  }
  const { elements } = same.importClause.namedBindings;
  if (elements.some((element) => element.name.text === name)) return text;
  return insert(text, elements.at(-1).end, `, ${name}`);
}

/** The array of `const name = [...]`, also inside a call such as `defineRouting([...])`. */
const arrayNamed = (text, name) => {
  const declaration = find(text, (node) => ts.isVariableDeclaration(node) && node.name.getText() === name, name);
  for (const node of nodesOf(declaration.initializer)) if (ts.isArrayLiteralExpression(node)) return node;
  throw new SetupError(`${name} is no list any more; see tools/new.`);
};

const property = (object, name) => object.properties.find((one) => one.name?.getText() === name)?.initializer;

function append(text, array, item) {
  const last = array.elements.at(-1);
  return insert(text, last ? last.end : array.getStart() + 1, last ? `, ${item}` : item);
}

/** Adds an item at the end of `const name = [...]`. */
export const addToList = (text, name, item) => append(text, arrayNamed(text, name), item);

/** Adds an item before the `index`th of `const name = [...]`. */
export const insertIntoList = (text, name, index, item) =>
  insert(text, arrayNamed(text, name).elements[index].getStart(), `${item},\n`);

/** Adds an item to the list `key` of that object in `const name = [...]` whose `by` is the text `value`. */
export function addToListOf(text, name, { by, value }, key, item) {
  const object = arrayNamed(text, name).elements.find((element) => property(element, by)?.text === value);
  if (!object) throw new SetupError(`${name} has nothing with the ${by} "${value}".`);
  return append(text, property(object, key), item);
}

/** Adds a class to the controllers of a Nest module's decorator. */
export function addController(text, moduleClass, controller) {
  const what = `module ${moduleClass} with controllers`;
  const declared = find(text, (node) => ts.isClassDeclaration(node) && node.name?.text === moduleClass, what);
  const [argument] = ts.getDecorators(declared)?.[0]?.expression.arguments ?? [];
  const controllers = argument && property(argument, 'controllers');
  if (!controllers) throw new SetupError(`There is no ${what}; add ${controller} to a module yourself.`);
  return append(text, controllers, controller);
}

/** Objects of `const name = [...]` with the texts and lists of texts or names that they have. */
export function readObjects(text, name) {
  const valueOf = (node) => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isArrayLiteralExpression(node)) return node.elements.map(valueOf);
    return node.getText();
  };
  return arrayNamed(text, name).elements.map((object) =>
    Object.fromEntries(object.properties.map((one) => [one.name.getText(), valueOf(one.initializer)])),
  );
}

/** The texts that are values of `const name = { ... }`. */
export function readTexts(text, name) {
  const { initializer } = find(text, (node) => ts.isVariableDeclaration(node) && node.name.getText() === name, name);
  return [...nodesOf(initializer)].filter(ts.isStringLiteral).map((node) => node.text);
}

/** The names in `const name = [...]`, each with the file that it is imported from, relative to this one's folder. */
export function readImportedNames(text, name) {
  const imports = parse(text).statements.filter(ts.isImportDeclaration);
  return arrayNamed(text, name).elements.map((element) => {
    const imported = element.getText();
    const from = imports.find(({ importClause }) =>
      importClause?.namedBindings?.elements?.some((one) => one.name.text === imported),
    );
    return { name: imported, path: posix.normalize(from.moduleSpecifier.text.replace(/\.js$/, '.ts')) };
  });
}

/** The names that a file exports. */
export const exportsOf = (text) =>
  [...text.matchAll(/^export (?:const|class|function|type|interface) (\w+)/gm)].map(([, name]) => name);
