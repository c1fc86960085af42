import { Rfc3339 } from '@mentorhub/contracts';
import { jitters, longestRetryDelaySeconds, mostRetries } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { numbersInText } from '../input/numbers-in-text.js';

/** Waiting is bounded so that every due time is a date that PostgreSQL and JSON can hold. */
const tenYearsInSeconds = 10 * 365 * 24 * 3600;

const RetryOverrides = z.strictObject({
  maxRetries: z.int().min(0).max(mostRetries).optional().describe('Retries after the first attempt; 0 fails at once.'),
  delaySeconds: z.number().min(0).max(longestRetryDelaySeconds).optional().describe('Before the first retry.'),
  factor: z.number().min(1).max(100).optional().describe('What each further delay is multiplied by.'),
  maxDelaySeconds: z.number().positive().max(longestRetryDelaySeconds).optional().describe('The longest delay.'),
  jitter: z.enum(jitters).optional().describe('Spreads a delay: not at all, from half of it, or from nothing.'),
});

export const TaskRequest = z
  .strictObject({
    task: z.string().min(1).max(200).describe('The name of a task type; GET /v1/task-types lists them.'),
    payload: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("What the task type's payload schema asks for; at most 256 KiB as JSON."),
    eta: Rfc3339.optional().describe('Not before this instant; a past one means now.'),
    countdown: z
      .number()
      .min(-tenYearsInSeconds)
      .max(tenYearsInSeconds)
      .optional()
      .describe('Instead of eta: not before this many seconds from now; zero or less means now.'),
    expires: z
      .union([Rfc3339, z.number().positive().max(tenYearsInSeconds)], {
        error: 'must be an RFC 3339 instant or a positive number of seconds',
      })
      .optional()
      .describe(
        'Not after this instant, or not later than this many seconds from now: a task that still waits then ends as expired.',
      ),
    retry: RetryOverrides.optional().describe("Instead of what the task type's retry policy says."),
    queue: z.string().max(100).optional().describe('Another queue than the routing table says.'),
  })
  .refine(({ eta, countdown }) => eta === undefined || countdown === undefined, {
    path: ['countdown'],
    error: 'cannot stand beside eta: give one of the two',
  });
export type TaskRequest = z.output<typeof TaskRequest>;

export const BulkRequest = z.strictObject({ tasks: z.array(TaskRequest).min(1).max(1000) });
export type BulkRequest = z.output<typeof BulkRequest>;

export const ResultQuery = z.strictObject({
  wait: z
    .string()
    .regex(/^\d{1,2}(\.\d{1,3})?$/, 'must be a number of seconds from 0 to 60')
    .register(numbersInText, { type: 'number', minimum: 0, maximum: 60, default: 0 })
    .transform(Number)
    .refine((seconds) => seconds <= 60, 'must be a number of seconds from 0 to 60')
    .default(0)
    .describe('How many seconds to wait for the end of the task, 0 to 60.'),
});
export type ResultQuery = z.output<typeof ResultQuery>;

export const RevokeRequest = z
  .strictObject({
    terminate: z
      .boolean()
      .default(false)
      .describe('Also end a run that is under way: its signal fires and it ends as revoked. Otherwise it finishes.'),
  })
  .prefault({});
export type RevokeRequest = z.output<typeof RevokeRequest>;

export const MoveRequest = z.strictObject({ eta: Rfc3339.describe('The new due time; a past one means now.') });
export type MoveRequest = z.output<typeof MoveRequest>;
