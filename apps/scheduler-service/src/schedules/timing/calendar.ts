/** When a schedule's slots are. Slots are whole instants; the same instants come out whenever and wherever one asks. */
export interface Calendar {
  /** The first slot at or after an instant; null when there is none any more. */
  next(from: Date): Date | null;
  /** Of the slots at or after `from` and before `until`, the last `count`, in order. */
  latest(from: Date, until: Date, count: number): Date[];
}

/** Slots at or after `from` and at or before `until`, in order, at most `most` of them. */
export function slotsBetween(calendar: Calendar, from: Date, until: Date, most: number): Date[] {
  const slots: Date[] = [];
  for (
    let slot = calendar.next(from);
    slot && slot <= until && slots.length < most;
    slot = calendar.next(justAfter(slot))
  )
    slots.push(slot);
  return slots;
}

export const justAfter = (instant: Date): Date => new Date(instant.getTime() + 1);
export const justBefore = (instant: Date): Date => new Date(instant.getTime() - 1);

/** The part of a calendar from `startsAt` to `endsAt`, both included. */
export class BoundedCalendar implements Calendar {
  constructor(
    private readonly calendar: Calendar,
    private readonly startsAt: Date | null,
    private readonly endsAt: Date | null,
  ) {}

  next(from: Date): Date | null {
    const slot = this.calendar.next(this.fromStart(from));
    return slot && (!this.endsAt || slot <= this.endsAt) ? slot : null;
  }

  latest(from: Date, until: Date, count: number): Date[] {
    const end = this.endsAt && this.endsAt < until ? justAfter(this.endsAt) : until;
    return this.calendar.latest(this.fromStart(from), end, count);
  }

  private fromStart(from: Date): Date {
    return this.startsAt && this.startsAt > from ? this.startsAt : from;
  }
}
