import type { Calendar } from './calendar.js';

/** One instant and no other. */
export class OnceCalendar implements Calendar {
  constructor(private readonly at: Date) {}

  next(from: Date): Date | null {
    return this.at >= from ? this.at : null;
  }

  latest(from: Date, until: Date): Date[] {
    return this.at >= from && this.at < until ? [this.at] : [];
  }
}
