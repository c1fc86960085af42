import { Problem, invalid } from '../problems/problem.js';
import { jsonPointer } from './json-pointer.js';

/** Deeper nesting than any payload needs; below it recursion (schemas, serialising) is safe. */
const deepestLevel = 64;

interface Place {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Place | undefined;
  readonly level: number;
}

/**
 * Refuses what no schema should have to think about: NUL and lone surrogates, which PostgreSQL cannot store, nesting that
 * exhausts the stack, and keys that reach a prototype. It keeps a stack of its own, so that it cannot be exhausted itself.
 *
 * @throws {Problem} 422 with the place; 400 for the keys.
 */
export function assertHarmless(input: unknown): void {
  const waiting: Place[] = [{ value: input, key: '', parent: undefined, level: 0 }];
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    const { value } = place;
    if (typeof value === 'string') assertText(value, place);
    else if (typeof value === 'object' && value !== null)
      for (const child of childrenOf(value, place)) waiting.push(child);
  }
}

function assertText(text: string, place: Place): void {
  if (text.includes('\0')) throw refused(place, 'holds the character NUL');
  if (!text.isWellFormed()) throw refused(place, 'holds half of a surrogate pair, which is no character');
}

function childrenOf(value: object, parent: Place): Place[] {
  const level = parent.level + 1;
  if (level > deepestLevel) throw refused(parent, `is nested deeper than ${deepestLevel} levels`);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => ({ value: item, key: String(index), parent, level }));
  return Object.entries(value).map(([key, child]) => {
    const place = { value: child as unknown, key, parent, level };
    if (key === '__proto__') throw new Problem(400, 'The key __proto__ is not accepted. Leave it out.');
    assertText(key, place);
    return place;
  });
}

const refused = (place: Place, message: string): Problem => invalid([{ path: jsonPointer(pathTo(place)), message }]);

function pathTo(place: Place): string[] {
  const path: string[] = [];
  for (let at: Place | undefined = place; at?.parent; at = at.parent) path.unshift(at.key.toWellFormed());
  return path;
}
