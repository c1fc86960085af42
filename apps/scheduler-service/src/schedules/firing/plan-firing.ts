import { catalogue } from '@mentorhub/contracts';
import type { EnqueueRequest } from '@mentorhub/tasks';
import { checkPayload, InvalidPayloadError } from '@mentorhub/tasks/payload';
import { v5 as uuidv5 } from 'uuid';
import { dueSlots, type DueSlots } from '../timing/due-slots.js';
import { firingOf } from '../timing/jitter.js';
import { TimingError } from '../timing/timing.js';
import type { ClaimedSchedule, Step } from './due-schedules.js';

/** What is to become of a schedule whose slot has come. */
export interface FiringPlan {
  readonly schedule: ClaimedSchedule;
  readonly due: DueSlots;
  /** The slots that fire and their tasks, in order. */
  readonly firings: readonly { readonly slot: Date; readonly request: EnqueueRequest & { options: { id: string } } }[];
  /** Slots that do not fire because an earlier run is unfinished. */
  readonly overlapped: number;
  /** Why nothing can be enqueued. */
  readonly fault?: Error;
}

/** The id of the task that a slot enqueues: the same however often, and by whomever, the slot is fired. */
export const taskIdOf = (scheduleId: string, slot: Date): string => uuidv5(slot.toISOString(), scheduleId);

/** What one schedule makes in one transaction, at most; slots beyond that are still due after it. */
const mostSlots = 500;
const mostBytes = 4 * 1024 * 1024;

/** Bytes of the payload of one task of a schedule, about. */
export const payloadBytes = ({ payload }: Pick<ClaimedSchedule, 'payload'>): number =>
  Buffer.byteLength(JSON.stringify(payload) ?? '');

/** Decides without doing. `lastRunIsUnfinished` is asked of schedules with the overlap policy `skip` alone. */
export function planFiring(schedule: ClaimedSchedule, lastRunIsUnfinished: boolean): FiringPlan {
  const { due, fault } = slotsOf(schedule);
  if (fault) return { schedule, due, firings: [], overlapped: 0, fault };
  const wanted = schedule.overlap === 'allow' ? due.fire : due.fire.slice(0, lastRunIsUnfinished ? 0 : 1);
  const overlapped = due.fire.length - wanted.length;
  const most = Math.max(1, Math.min(mostSlots, Math.floor(mostBytes / payloadBytes(schedule))));
  const [slots, later] = [wanted.slice(0, most), wanted[most]];
  try {
    const firings = slots.map((slot) => ({ slot, request: requestFor(schedule, slot) }));
    return { schedule, due: later ? { ...due, next: later } : due, firings, overlapped };
  } catch (error) {
    if (error instanceof InvalidPayloadError || error instanceof UnknownTaskError)
      return { schedule, due, firings: [], overlapped: 0, fault: error };
    throw error;
  }
}

/** Where the schedule goes on after its plan was carried out. */
export function stepAfter({ schedule, due, firings }: FiringPlan): Step {
  const { id, jitter } = schedule;
  const last = firings.at(-1);
  return {
    id,
    nextSlot: due.next,
    dueAt: due.next && firingOf(id, due.next, jitter),
    lastSlot: last?.slot ?? null,
    lastTaskId: last?.request.options.id ?? null,
  };
}

/** A rule that cannot be read has no next slot: the schedule rests until somebody corrects it. */
function slotsOf(schedule: ClaimedSchedule): { due: DueSlots; fault?: Error } {
  try {
    return { due: dueSlots(schedule, schedule.nextSlot, schedule.now) };
  } catch (error) {
    if (!(error instanceof TimingError)) throw error;
    return { due: { fire: [schedule.nextSlot], late: 0, missed: 0, next: null }, fault: error };
  }
}

class UnknownTaskError extends Error {
  override readonly name = 'UnknownTaskError';
}

function requestFor({ id, task, payload }: ClaimedSchedule, slot: Date) {
  const contract = catalogue.tasks.get(task);
  if (!contract) throw new UnknownTaskError(`There is no task "${task}".`);
  return { contract, payload: checkPayload(contract, payload), options: { id: taskIdOf(id, slot) } };
}
