import { CoursePublished, SessionCancelled, SessionHeld, SessionScheduled, UserRegistered } from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/task-contracts';
import { EventHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { DailyCounts } from './daily-counts.js';

/**
 * Counts domain events by the day on which they happened, whenever they are heard of. The runtime hands over each event
 * once, however often it is delivered.
 */
@Controller()
export class EventCounter {
  constructor(private readonly counts: DailyCounts) {}

  @EventHandler(UserRegistered)
  async userRegistered({ registeredAt }: Payload<typeof UserRegistered>, { tx }: DatabaseContext): Promise<void> {
    await this.counts.add(tx, [{ kind: 'users-registered', at: registeredAt }]);
  }

  @EventHandler(SessionScheduled)
  async sessionScheduled({ scheduledAt }: Payload<typeof SessionScheduled>, { tx }: DatabaseContext): Promise<void> {
    await this.counts.add(tx, [{ kind: 'sessions-booked', at: scheduledAt }]);
  }

  @EventHandler(SessionCancelled)
  async sessionCancelled({ cancelledAt }: Payload<typeof SessionCancelled>, { tx }: DatabaseContext): Promise<void> {
    await this.counts.add(tx, [{ kind: 'sessions-cancelled', at: cancelledAt }]);
  }

  /** Told by the hourly sweep, so that those of the last hour of a day often come when the day is final. */
  @EventHandler(SessionHeld)
  async sessionHeld({ heldAt }: Payload<typeof SessionHeld>, { tx }: DatabaseContext): Promise<void> {
    await this.counts.add(tx, [{ kind: 'sessions-held', at: heldAt }]);
  }

  @EventHandler(CoursePublished)
  async coursePublished({ publishedAt }: Payload<typeof CoursePublished>, { tx }: DatabaseContext): Promise<void> {
    await this.counts.add(tx, [{ kind: 'courses-published', at: publishedAt }]);
  }
}
