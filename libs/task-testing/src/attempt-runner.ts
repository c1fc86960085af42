import type { Logger } from '@mentorhub/service';
import type { EntityManager } from 'typeorm';
import type { Tasks } from '@mentorhub/tasks';
import { judgeFailure, type Verdict } from '@mentorhub/task-worker/runner';
import { toTaskError } from '@mentorhub/task-worker/runner';
import { checkPayload } from '@mentorhub/tasks/payload';
import { RevokedError } from '@mentorhub/task-worker/runner';
import { checkResult } from '@mentorhub/task-worker/runner';
import type { ExternalContext } from '@mentorhub/task-worker/runner';
import { attemptContext, triesOf } from './attempt-context.js';
import type { Handle, HandlerRegistry } from './handler-registry.js';
import { asJson } from './new-job.js';
import { noTransaction } from './no-transaction.js';
import type { Job, TestAttempt } from './test-task.js';
import { TestTasksError } from './test-tasks-error.js';
import type { VirtualClock } from './virtual-clock.js';

export interface AttemptRunnerOptions {
  readonly tasks: Pick<Tasks, 'enqueue' | 'enqueueMany'>;
  readonly handlers: HandlerRegistry;
  readonly clock: VirtualClock;
  readonly tx: EntityManager | undefined;
  readonly random: () => number;
  readonly log: Logger;
  /** Keeps what is enqueued with this transaction until the work has succeeded; what fails has enqueued nothing. */
  readonly holding: <T>(tx: EntityManager, work: () => Promise<T>) => Promise<T>;
}

/** Runs one attempt of a task, and decides what it leads to as the real runtime does. */
export class AttemptRunner {
  constructor(private readonly options: AttemptRunnerOptions) {}

  /** @throws {TestTasksError} the handler needs what this test does not have. */
  async run(job: Job): Promise<void> {
    const { clock, handlers } = this.options;
    const handle = handlers.of(job.name);
    if (!handle) throw new TestTasksError(`"${job.name}" has no handler here.`);
    if (job.expiresAt && job.expiresAt.getTime() <= clock.now) return void (job.state = 'expired');
    job.state = 'started';
    job.attempts.push({ attempt: triesOf(job) + 1, at: new Date(clock.now) });
    try {
      const result = await this.call(job, handle);
      Object.assign(job, { result, error: undefined, state: 'succeeded' });
    } catch (thrown) {
      this.failed(job, thrown);
    }
  }

  private call(job: Job, handle: Handle): Promise<unknown> {
    const inTransaction = job.contract.kind === 'event' || job.contract.effects === 'database';
    if (!inTransaction) return this.handled(job, handle, undefined);
    return this.transaction(job, (tx) => this.options.holding(tx, () => this.handled(job, handle, tx)));
  }

  private transaction<T>(job: Job, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const { tx } = this.options;
    if (!tx) return work(noTransaction(job.name));
    // A stand-in of the test's own may have nothing but the methods that the handler calls.
    return typeof tx.transaction === 'function' ? tx.transaction(work) : work(tx);
  }

  private async handled(job: Job, handle: Handle, tx: EntityManager | undefined): Promise<unknown> {
    const { tasks, log } = this.options;
    let answered = false;
    const once: ExternalContext['once'] = async (call) => {
      if (job.terminate.signal.aborted) throw new RevokedError();
      const answer = await call();
      answered = true;
      return answer;
    };
    // Each attempt reads the message anew: what a handler changes of its payload is not seen by the next.
    const payload = checkPayload(job.contract, structuredClone(job.payload));
    const returned = await handle(payload, attemptContext({ job, tasks, log, tx, once }));
    if (job.terminate.signal.aborted && !answered) throw new RevokedError();
    return asJson(checkResult(job, returned));
  }

  private failed(job: Job, thrown: unknown): void {
    if (thrown instanceof TestTasksError) throw thrown;
    this.remember(job, thrown);
    const verdict = this.judge(job, thrown);
    if (job.terminate.signal.aborted || (job.revoked && verdict.kind === 'retry')) job.state = 'revoked';
    else if (verdict.kind === 'fail') job.state = 'failed';
    else {
      job.state = 'retrying';
      job.dueAt = new Date(this.options.clock.now + verdict.delaySeconds * 1000);
      if (!verdict.counted) job.deferrals += 1;
    }
  }

  private judge(job: Job, thrown: unknown): Verdict {
    const onAmbiguous = job.contract.kind === 'task' ? job.contract.onAmbiguous : 'again';
    return judgeFailure(thrown, { policy: job.retry, tries: triesOf(job), onAmbiguous }, this.options.random());
  }

  private remember(job: Job, error: unknown): void {
    const last = job.attempts.pop() as TestAttempt;
    job.attempts.push({ ...last, error });
    job.error = toTaskError(error);
  }
}
