import { UserRegistered } from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/tasks/define';
import { EventHandler, type DatabaseContext } from '@mentorhub/tasks/server';
import { Controller } from '@nestjs/common';
import { DailyCounts } from './daily-counts.js';

/** Counts registrations by the day on which they happened, whenever they are heard of. */
@Controller()
export class RegistrationCounter {
  constructor(private readonly counts: DailyCounts) {}

  @EventHandler(UserRegistered)
  async userRegistered({ registeredAt }: Payload<typeof UserRegistered>, { tx }: DatabaseContext): Promise<void> {
    await this.counts.addOne(tx, 'users-registered', registeredAt);
  }
}
