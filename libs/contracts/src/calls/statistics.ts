import { defineCall } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Day } from '../fields.js';
import { DailyStats } from '../statistics.js';
import { callQueues } from '../topology/topology.js';

const mostDays = 366;
const dayMs = 86_400_000;

/** Days in UTC, both included. */
export const StatsRange = { from: Day.describe('The first day, in UTC.'), to: Day.describe('The last day, in UTC.') };

/** Why a range cannot be answered; undefined when it can. */
export function rangeFault({ from, to }: { readonly from: string; readonly to: string }): string | undefined {
  if (!Day.safeParse(from).success || !Day.safeParse(to).success) return undefined; // told by the fields themselves
  const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1;
  if (days < 1) return 'must not be before from';
  return days > mostDays ? `must be within ${mostDays} days from from` : undefined;
}

export const ReadDailyStats = defineCall({
  name: 'statistics.read-daily',
  queue: callQueues.analytics,
  input: z.strictObject(StatsRange),
  output: z.strictObject({ days: z.array(DailyStats) }),
});
