import type { z } from 'zod';
import type { Fault } from '../problems/problem.js';
import { jsonPointer } from './json-pointer.js';

/** What a schema found wrong, as faults of the request; each unknown field is a fault of its own. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[] = []): Fault[] {
  return issues.flatMap((issue) => {
    const at = [...prefix, ...issue.path];
    if (issue.code !== 'unrecognized_keys') return [{ path: jsonPointer(at), message: lowerFirst(issue.message) }];
    return issue.keys.map((key) => ({ path: jsonPointer([...at, key]), message: 'is not a known field' }));
  });
}

/** Messages follow a path: "/email: invalid email address". */
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
