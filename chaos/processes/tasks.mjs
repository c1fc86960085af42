import { mentorHub } from '@mentorhub/contracts';
import { defineCatalogue, defineRouting, defineTask } from '@mentorhub/task-contracts';
import { z } from 'zod';

const payload = z.strictObject({
  n: z.int(),
  act: z.enum(['do', 'refuse', 'kill']),
  millis: z.int(),
  failures: z.int(),
});

/** More retries than any task is told to fail, and short pauses: a run is not to wait for them. */
const retry = { maxRetries: 4, delaySeconds: 0.2, factor: 2, maxDelaySeconds: 2 };
/** Its claim is held 30 s longer, and a call whose worker was killed waits for that. */
const timeLimit = { hardSeconds: 10 };
const common = { version: 1, payload, retry };

const Write = defineTask({ ...common, name: 'chaos.write', effects: 'database' });
const Mail = defineTask({ ...common, name: 'chaos.mail', effects: 'external', onAmbiguous: 'again', timeLimit });
const MailOnce = defineTask({
  ...common,
  name: 'chaos.mail-once',
  effects: 'external',
  onAmbiguous: 'park',
  timeLimit,
});
const Ping = defineTask({ ...common, name: 'chaos.ping', effects: 'idempotent' });

export const tasks = { Write, Mail, MailOnce, Ping };

/** MentorHub's own exchanges and queues, with the run's tasks. */
export const contracts = {
  ...mentorHub,
  catalogue: defineCatalogue({
    tasks: Object.values(tasks),
    events: [],
    routes: defineRouting([
      { pattern: 'chaos.mail', queue: 'email' },
      { pattern: 'chaos.mail-once', queue: 'email' },
      { pattern: 'chaos.ping', queue: 'analytics' },
      { pattern: '*', queue: 'default' },
    ]),
  }),
};
