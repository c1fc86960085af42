import { defineCall } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { catalogue } from '../catalogue.js';
import { Instant, Rfc3339, TimeZone, Uuid } from '../fields.js';
import { callQueues } from '../topology/topology.js';

const year = 366 * 24 * 3600;
const queue = callQueues.scheduler;

export const ScheduleName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,99}$/,
    'must be 1 to 100 of a-z, 0-9, ".", "_" and "-", and begin with a letter or digit',
  );

/** A schedule keeps its payload for years, and everybody who may see schedules sees it. */
const ScheduledTask = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => !catalogue.tasks.get(name)?.sensitive.length, 'has secret fields, which a schedule cannot keep');

const misfire = z
  .enum(['skip', 'fire-once', 'fire-all'])
  .describe(
    'What becomes of slots that are seen more than 60 s late: none fires, the latest, or all up to misfireCap.',
  );
const overlap = z
  .enum(['allow', 'skip'])
  .describe('skip: a slot does not fire while the task of the last one is unfinished, for at most overlapMaxAge.');

const fields = {
  task: ScheduledTask.describe('The name of a task type; GET /v1/task-types lists them.'),
  payload: z.record(z.string(), z.unknown()).describe("What the task type's payload schema asks for."),
  cron: z.string().max(200).describe('Five fields, or six with seconds first, in the time zone.'),
  every: z.int().min(1).max(year).describe('Seconds between two slots, counted from startsAt, or from now.'),
  at: Rfc3339.describe('The one instant at which it fires.'),
  timezone: TimeZone.describe('An IANA time zone, for cron.'),
  startsAt: Rfc3339.describe('No slot before this instant.'),
  endsAt: Rfc3339.describe('No slot after this instant.'),
  jitter: z.number().min(0).max(3600).describe('Seconds: each slot fires between 0 and this much later.'),
  misfire,
  misfireCap: z.int().min(1).max(1000).describe('How many missed slots fire-all makes up for, the latest ones.'),
  overlap,
  overlapMaxAge: z.int().min(60).max(year).describe('Seconds after which an unfinished run counts as lost.'),
  enabled: z.boolean().describe('false: paused. What is missed meanwhile is not made up for.'),
};

type Fields = Partial<{ readonly cron: unknown; readonly every: unknown; readonly at: unknown }>;
const timingsIn = (body: Fields) => (['cron', 'every', 'at'] as const).filter((kind) => body[kind] !== undefined);

function oneTiming({ value, issues }: z.core.ParsePayload<Fields>, required: boolean): void {
  const [, second] = timingsIn(value);
  const refuse = (path: string, message: string) =>
    issues.push({ code: 'custom', input: value, path: [path], message });
  if (second) refuse(second, 'cannot stand beside another of cron, every and at: give one of the three');
  if (required && timingsIn(value).length === 0) refuse('cron', 'is missing: give one of cron, every and at');
}

/** A schedule as somebody asks for it. */
export const NewSchedule = z
  .strictObject({
    name: ScheduleName,
    task: fields.task,
    payload: fields.payload.default({}),
    cron: fields.cron.optional(),
    every: fields.every.optional(),
    at: fields.at.optional(),
    timezone: fields.timezone.default('UTC'),
    startsAt: fields.startsAt.optional(),
    endsAt: fields.endsAt.optional(),
    jitter: fields.jitter.default(0),
    misfire: fields.misfire.default('fire-once'),
    misfireCap: fields.misfireCap.default(100),
    overlap: fields.overlap.default('allow'),
    overlapMaxAge: fields.overlapMaxAge.default(86_400),
    enabled: fields.enabled.default(true),
  })
  .check((context) => oneTiming(context, true));
export type NewSchedule = z.output<typeof NewSchedule>;

/** What somebody changes of a schedule; what is absent stays. Another kind of timing takes the place of the one before. */
export const ScheduleChange = z
  .strictObject({
    name: ScheduleName,
    ...fields,
    startsAt: fields.startsAt.nullable(),
    endsAt: fields.endsAt.nullable(),
  })
  .partial()
  .check((context) => oneTiming(context, false));
export type ScheduleChange = z.output<typeof ScheduleChange>;

export const ScheduleView = z.strictObject({
  name: z.string(),
  task: z.string(),
  payload: z.unknown(),
  cron: z.string().optional(),
  every: z.number().optional(),
  at: Instant.optional(),
  timezone: z.string(),
  startsAt: Instant.nullable(),
  endsAt: Instant.nullable(),
  jitter: z.number(),
  misfire,
  misfireCap: z.int(),
  overlap,
  overlapMaxAge: z.int(),
  enabled: z.boolean(),
  nextFiring: Instant.nullable().describe('Null while it is paused, and when none is to come.'),
  lastFiring: z.strictObject({ slot: Instant, at: Instant, taskId: Uuid }).nullable(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type ScheduleView = z.output<typeof ScheduleView>;

/** A schedule and the version that a change of it has to know. */
export const VersionedSchedule = z.strictObject({ version: z.string(), schedule: ScheduleView });
export type VersionedSchedule = z.output<typeof VersionedSchedule>;

/** Versions that the caller has seen, of which the present one has to be one; absent, any will do. */
const seen = z.array(z.string().max(100)).max(100).optional();

export const CreateSchedule = defineCall({
  name: 'schedules.create',
  queue,
  input: z.strictObject({ schedule: NewSchedule }),
  output: VersionedSchedule,
});

export const ListSchedules = defineCall({
  name: 'schedules.list',
  queue,
  input: z.strictObject({ limit: z.int().min(1).max(1000), after: z.string().max(200).optional() }),
  output: z.strictObject({ items: z.array(ScheduleView), more: z.boolean() }),
});

export const FindSchedule = defineCall({
  name: 'schedules.find',
  queue,
  input: z.strictObject({ name: z.string().max(200) }),
  output: VersionedSchedule,
});

export const ChangeSchedule = defineCall({
  name: 'schedules.change',
  queue,
  input: z.strictObject({ name: z.string().max(200), change: ScheduleChange, seen }),
  output: VersionedSchedule,
});

export const DeleteSchedule = defineCall({
  name: 'schedules.delete',
  queue,
  input: z.strictObject({ name: z.string().max(200), seen }),
  output: z.null(),
});

export const RunSchedule = defineCall({
  name: 'schedules.run',
  queue,
  input: z.strictObject({ name: z.string().max(200) }),
  output: z.strictObject({ id: Uuid, state: z.string() }),
});

/** Beyond these years nobody plans anything, and no calendar can be trusted. */
export const PreviewFrom = Rfc3339.refine(
  (text) => Date.parse(text) >= 0 && Date.parse(text) < Date.UTC(3000, 0),
  'must lie in the years 1970 to 2999',
);

export const PreviewSchedule = defineCall({
  name: 'schedules.preview',
  queue,
  input: z.strictObject({
    name: z.string().max(200),
    from: PreviewFrom.optional(),
    count: z.int().min(1).max(1000),
  }),
  output: z.strictObject({ firings: z.array(Instant) }),
});
