import { z } from 'zod';
import { defineTask } from '@mentorhub/task-contracts';

/** External effects whose claim soon runs out, for tests in which the holder of a claim dies. */
export const QuickCall = defineTask({
  name: 'outside.quick-call',
  version: 1,
  effects: 'external',
  onAmbiguous: 'again',
  payload: z.strictObject({ note: z.string() }),
  timeLimit: { hardSeconds: 1 },
});
