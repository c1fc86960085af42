import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

/** What a route says of itself in the OpenAPI document. The rest follows from its decorators and its parameters. */
export interface RouteDescription {
  /** What generated clients call it; unique. */
  readonly id: string;
  readonly summary: string;
  /** By status; undefined has no JSON body. */
  readonly answers: Readonly<Record<number, z.ZodType | undefined>>;
  /** Statuses from 400 of its own, answered by problem documents. Those of its key, its body, its query and its headers are added. */
  readonly refusals?: readonly number[];
  /** Headers that say more about a success. */
  readonly headers?: readonly AnswerHeader[];
  /** Beside JSON, or instead of it where there is no schema. */
  readonly alsoAs?: 'text/csv' | 'text/html';
  /** A body. */
  readonly example?: unknown;
}

export const answerHeaders = {
  location: 'Where it can be read.',
  etag: 'The version that was read or made, for If-Match.',
} as const;
export type AnswerHeader = keyof typeof answerHeaders;

export const descriptionKey = 'mentorhub:route-description';

/**
 * Describes a route where it stands. One without it fails a test, unless it is a part of the documentation.
 *
 * @example @Documented({ id: 'readTask', summary: 'Shows a task', answers: { 200: TaskAnswer }, refusals: [503] })
 */
export const Documented = (description: RouteDescription): MethodDecorator => SetMetadata(descriptionKey, description);

export const groupKey = 'mentorhub:route-group';

/** What the routes of a controller are about: a sentence. */
export const DocumentedGroup = (sentence: string): ClassDecorator => SetMetadata(groupKey, sentence);
