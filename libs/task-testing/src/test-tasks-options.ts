import type { Logger } from '@mentorhub/service';
import type { EntityManager } from 'typeorm';
import type { Catalogue } from '@mentorhub/task-contracts';

export interface TestTasksOptions {
  readonly catalogue: Catalogue;
  /** Instances of classes with `@TaskHandler` and `@EventHandler` methods. More can be added by `register` and `handle`. */
  readonly controllers?: readonly object[];
  /**
   * `queued` (default): tasks wait for `run`, `advance` or whoever waits for a result. `eager`: each runs to its end before
   * `enqueue` resolves, whatever its eta and its retries' delays.
   */
  readonly mode?: 'queued' | 'eager';
  /** Whatever makes a task fail for good is thrown to who enqueued it (eager) or had it run (queued). Default false. */
  readonly propagateErrors?: boolean;
  /**
   * What handlers get as `ctx.tx`. With an EntityManager of a database each attempt is a transaction, rolled back when it
   * fails. Default: none, and a handler that uses it is told so.
   */
  readonly tx?: EntityManager | undefined;
  /** Where the virtual clock stands until it is advanced. Default: it starts now and goes on with the real time. */
  readonly startAt?: Date;
  /** For retry delays with jitter, from 0 to 1. Default: always 1, so that a delay is the policy's full one. */
  readonly random?: () => number;
  /** Default: silent. */
  readonly logger?: Logger;
}
