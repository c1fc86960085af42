import { type Logger } from '@mentorhub/service';
import type { TaskError, TaskEvent } from '@mentorhub/task-store';
import type { Tasks } from '../client/tasks.js';
import type { PayloadCipher } from '../payload/payload-cipher.js';
import { checkPayload, InvalidPayloadError, openPayload } from '../payload/payload-codec.js';
import type { FailureReason, RecordedOutcome } from '../outcomes/outcome.js';
import { taskEvent, waitSeconds } from '../outcomes/task-events.js';
import { toTaskError } from '../outcomes/task-error.js';
import type { DatabaseContext, ExternalContext, TaskContext } from '../server/context.js';
import { UnreadableMessage } from '../server/decode-delivery.js';
import { timeLimitOf, type Job } from '../server/job.js';
import type { RunningTasks } from './running-tasks.js';

/** Calls the application's handler, through Nest's guards, pipes and interceptors. */
export type HandlerCall = (payload: unknown, context: TaskContext) => Promise<unknown>;

export interface HandlerRunnerOptions {
  readonly handlerOf: (name: string) => HandlerCall | undefined;
  readonly tasks: Tasks;
  readonly cipher: PayloadCipher;
  readonly running: RunningTasks;
  readonly worker: string;
  readonly logger: Logger;
}

/** What the manner of effects adds to the context. */
export type ContextExtras = Partial<Pick<DatabaseContext, 'tx'> & Pick<ExternalContext, 'once'>>;

const largestResultBytes = 256 * 1024;

/** What a handler throws is the handler's failure; everything else thrown on the way is a fault of the runtime. */
export class HandlerFailure extends Error {
  override readonly name = 'HandlerFailure';

  constructor(
    override readonly cause: unknown,
    readonly startedAt: Date,
  ) {
    super('The handler threw.', { cause });
  }
}

/** Runs one job's handler: opens and checks its payload, gives it its context, checks its result. */
export class HandlerRunner {
  constructor(private readonly options: HandlerRunnerOptions) {}

  /** The payload as the handler gets it. @throws {UnreadableMessage} it does not fit, or cannot be decrypted. */
  payloadOf({ contract, body, id }: Job): unknown {
    try {
      const opened = contract.kind === 'task' ? openPayload(contract, body, id, this.options.cipher) : body;
      return checkPayload(contract, opened);
    } catch (error) {
      if (error instanceof InvalidPayloadError) throw new UnreadableMessage('invalid-payload', error.message);
      throw new UnreadableMessage('undecodable', `A sensitive field cannot be decrypted: ${(error as Error).message}`);
    }
  }

  /** @throws {HandlerFailure} the handler threw, or its result does not fit. */
  async run(job: Job, payload: unknown, more: ContextExtras): Promise<RecordedOutcome> {
    const startedAt = new Date();
    const end = this.options.running.start(job, startedAt);
    const { context, release } = this.contextOf(job, more);
    try {
      const returned = await this.handlerOf(job)(payload, context);
      return this.succeeded(job, startedAt, checkResult(job, returned));
    } catch (error) {
      throw new HandlerFailure(error, startedAt);
    } finally {
      release();
      end();
    }
  }

  failed(
    job: Job,
    thrown: unknown,
    startedAt: Date,
    reason: FailureReason = 'failed',
  ): RecordedOutcome & { kind: 'failed' } {
    const error: TaskError = toTaskError(thrown);
    return { kind: 'failed', reason, event: { ...this.ended(job, 'failed', startedAt, { error }), error } };
  }

  private succeeded(job: Job, startedAt: Date, result: unknown): RecordedOutcome {
    return { kind: 'succeeded', event: this.ended(job, 'succeeded', startedAt, { result }) };
  }

  private ended(
    job: Job,
    kind: 'succeeded' | 'failed',
    startedAt: Date,
    more: Pick<TaskEvent, 'result' | 'error'>,
  ): TaskEvent {
    const wait = waitSeconds(job, startedAt);
    return taskEvent(job, kind, this.options.worker, {
      startedAt: startedAt.toISOString(),
      ...(wait !== undefined && { waitSeconds: wait }),
      runSeconds: (Date.now() - startedAt.getTime()) / 1000,
      ...more,
    });
  }

  private handlerOf({ contract }: Job): HandlerCall {
    const handler = this.options.handlerOf(contract.name);
    if (!handler) throw new Error(`This process has no handler for "${contract.name}".`);
    return handler;
  }

  private contextOf(job: Job, more: ContextExtras): { context: TaskContext; release: () => void } {
    const { softSeconds } = timeLimitOf(job);
    const abort = new AbortController();
    const timer = softSeconds && setTimeout(() => abort.abort(softLimitReached(softSeconds)), softSeconds * 1000);
    const { tasks, logger } = this.options;
    const parent = { id: job.id, root: job.root };
    const context: TaskContext = {
      id: job.id,
      name: job.contract.name,
      run: job.run,
      attempt: job.attempt,
      queue: job.delivery.queue,
      signal: abort.signal,
      log: logger,
      enqueue: (contract, payload, options) => tasks.enqueue(contract, payload, { ...options, parent, tx: more.tx }),
      ...more,
    };
    return { context, release: () => clearTimeout(timer || undefined) };
  }
}

const softLimitReached = (seconds: number): DOMException =>
  new DOMException(`The task's soft time limit of ${seconds} s is reached.`, 'TimeoutError');

function checkResult({ contract }: Job, returned: unknown): unknown {
  if (contract.kind === 'event') return undefined;
  const checked = contract.result.safeParse(returned ?? null);
  if (!checked.success) throw new Error(`The handler's result does not fit its contract: ${checked.error.message}`);
  const size = Buffer.byteLength(JSON.stringify(checked.data) ?? 'null');
  if (size > largestResultBytes)
    throw new Error(`The handler's result has ${size} bytes; at most ${largestResultBytes} are stored.`);
  return checked.data;
}
