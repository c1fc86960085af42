import { distance } from 'fastest-levenshtein';

/** The names that somebody who wrote `wrong` may have meant, nearest first; at most three. */
export function closeNames(wrong: string, names: Iterable<string>): string[] {
  return [...names]
    .map((name) => ({ name, steps: distance(wrong, name) }))
    .filter(({ name, steps }) => steps <= Math.max(2, name.length / 3) || lastPart(name) === lastPart(wrong))
    .sort((a, b) => a.steps - b.steps)
    .slice(0, 3)
    .map(({ name }) => name);
}

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1);
