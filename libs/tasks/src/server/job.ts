import type { Delivery } from '@mentorhub/messaging';
import type { AnyEventContract, AnyTaskContract, TimeLimit } from '../define/index.js';

/** One readable delivery on its way through the pipeline. */
export interface Job {
  readonly delivery: Delivery;
  readonly contract: AnyTaskContract | AnyEventContract;
  /** What claims are about: the task's id, or an id of this event in this queue. */
  readonly id: string;
  readonly run: number;
  readonly attempt: number;
  readonly dueAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly root: string;
  /** As parsed from the body; sensitive fields are still encrypted. */
  readonly body: Record<string, unknown>;
}

const eventTimeLimit: TimeLimit = { hardSeconds: 60 };

export const timeLimitOf = ({ contract }: Job): TimeLimit =>
  contract.kind === 'task' ? contract.timeLimit : eventTimeLimit;

export const queueOf = (job: Job): string => job.delivery.queue;
