import { invalid } from '../problems/problem.js';

export const entityTag = (version: string): string => `"${version}"`;

/**
 * The versions that an `If-Match` names; undefined when any will do. A weak tag matches none (RFC 9110).
 *
 * @throws {Problem} 422 for a header that is no list of entity tags.
 */
export function versionsIn(header: string | undefined): string[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  if (tags.length > 100 || !tags.every((tag) => /^(W\/)?"[\x21\x23-\x7e]{0,100}"$/.test(tag)))
    throw invalid([{ path: 'If-Match', message: 'the header must be * or entity tags, as ETag answers them' }]);
  return tags.filter((tag) => tag.startsWith('"')).map((tag) => tag.slice(1, -1));
}
