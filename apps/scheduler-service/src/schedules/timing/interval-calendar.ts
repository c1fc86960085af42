import type { Calendar } from './calendar.js';

/** Every so many seconds, counted from an instant on. Seconds that really pass: neither time zone nor daylight saving count. */
export class IntervalCalendar implements Calendar {
  private readonly periodMs: number;
  private readonly firstMs: number;

  constructor(everySeconds: number, first: Date) {
    this.periodMs = everySeconds * 1000;
    this.firstMs = first.getTime();
  }

  next(from: Date): Date {
    return this.slot(this.indexFrom(from));
  }

  latest(from: Date, until: Date, count: number): Date[] {
    const [first, end] = [this.indexFrom(from), this.indexFrom(until)];
    const begin = Math.max(first, end - count);
    return Array.from({ length: Math.max(0, end - begin) }, (_, index) => this.slot(begin + index));
  }

  private slot(index: number): Date {
    return new Date(this.firstMs + index * this.periodMs);
  }

  private indexFrom(from: Date): number {
    return Math.max(0, Math.ceil((from.getTime() - this.firstMs) / this.periodMs));
  }
}
