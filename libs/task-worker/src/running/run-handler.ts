import { withLogFields, type Logger } from '@mentorhub/service';
import { captureTrace } from '@mentorhub/tracing';
import type { TaskError, TaskEvent } from '@mentorhub/task-store';
import type { EntityManager } from 'typeorm';
import type { Tasks } from '@mentorhub/tasks';
import { HardLimitError, type TimeLimit } from '@mentorhub/task-contracts';
import type { PayloadCipher } from '@mentorhub/tasks/payload';
import { checkPayload, InvalidPayloadError, openPayload, secretsIn } from '@mentorhub/tasks/payload';
import { judgeFailure } from '../outcome/judge-failure.js';
import type { FailureReason, RecordedOutcome, Failure } from '../outcome/outcome.js';
import { taskEvent, waitSeconds } from '../outcome/task-events.js';
import { toTaskError } from '../outcome/task-error.js';
import type { ExternalContext, TaskContext } from '../job/context.js';
import { UnreadableMessage } from '../job/decode-delivery.js';
import { logFieldsOf, timeLimitOf, triesOf, type Job } from '../job/job.js';
import { ambiguousEnd, noteAmbiguousCall } from './ambiguous-call.js';
import { AttemptLimits, RevokedError } from './attempt-limits.js';
import { poisonText } from './poison.js';
import type { ProgressReports } from './progress-reports.js';
import type { RunningTasks } from './running-tasks.js';
import { transactionContext } from '../job/transaction-context.js';

/** Calls the application's handler, through Nest's guards, pipes and interceptors. */
export type HandlerCall = (payload: unknown, context: TaskContext) => Promise<unknown>;

export interface HandlerRunnerOptions {
  readonly handlerOf: (name: string) => HandlerCall | undefined;
  readonly tasks: Tasks;
  readonly cipher: PayloadCipher;
  readonly running: RunningTasks;
  readonly progress: Pick<ProgressReports, 'report'>;
  readonly worker: string;
  readonly logger: Logger;
  /** Ends the transaction of a handler that was cut short, whatever it is doing, so that nothing of it is kept. */
  readonly endTransaction: (tx: EntityManager) => Promise<void>;
}

/** What its kind of effects adds. */
export interface AttemptExtras {
  /** `database`: the handler's transaction. */
  readonly tx?: EntityManager;
  /** `external`: commits that the outside world is called next. @throws {ClaimLostError} */
  readonly startCalling?: () => Promise<void>;
}

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

  /** @throws {HandlerFailure} the handler threw, its result does not fit, or the attempt was cut short. */
  async run(job: Job, payload: unknown, extras: AttemptExtras): Promise<RecordedOutcome> {
    const startedAt = new Date();
    const withTrace = captureTrace();
    // A revocation comes from elsewhere; its line belongs to this task and trace all the same.
    const onCut = (reason: Error) => withTrace(() => withLogFields(logFieldsOf(job), () => this.onCut(reason, extras)));
    const limits = new AttemptLimits(limitsOf(job), onCut);
    const end = this.options.running.start(job, startedAt, limits);
    const call = new OutsideCall(extras.startCalling, limits);
    try {
      const returned = await this.handlerOf(job)(payload, this.contextOf(job, limits, call, extras));
      // A call that was made and answered happened, late or not; everything else did not count any more.
      if (limits.cutShort && !call.answered) throw limits.cutShort;
      return this.succeeded(job, startedAt, checkResult(job, returned));
    } catch (error) {
      // The failure is recorded under a claim of its own, which the transaction that is being ended still holds.
      await limits.untilCut();
      const late = call.answered && isCutShort(error, limits) ? this.lateSuccess(job, startedAt) : undefined;
      if (late) return late;
      throw new HandlerFailure(call.causeOf(error, limits), startedAt);
    } finally {
      limits.release();
      end();
    }
  }

  /** What an attempt comes to whose handler threw: the end of its task, or another attempt. */
  ended(job: Job, thrown: unknown, startedAt: Date): Failure {
    if (thrown instanceof RevokedError) return this.revoked(job, startedAt);
    const onAmbiguous = job.contract.kind === 'task' ? job.contract.onAmbiguous : 'again';
    const verdict = judgeFailure(thrown, { policy: job.retry, tries: triesOf(job), onAmbiguous });
    if ((thrown as Error | undefined)?.name === 'AmbiguousError')
      noteAmbiguousCall(this.options.logger, job, verdict.kind === 'fail' ? 'park' : 'again');
    if (verdict.kind === 'fail') return this.failed(job, thrown, startedAt, verdict.reason);
    const { delaySeconds, counted } = verdict;
    const error = this.errorOf(job, thrown);
    const event = this.end(job, 'retrying', startedAt, { error, retryInSeconds: delaySeconds });
    return {
      kind: 'retrying',
      through: goesThroughLadder(job) ? 'ladder' : 'row',
      delaySeconds,
      deferrals: job.deferrals + (counted ? 0 : 1),
      event: { ...event, error },
    };
  }

  failed(
    job: Job,
    thrown: unknown,
    startedAt: Date,
    reason: FailureReason = 'failed',
  ): RecordedOutcome & { kind: 'failed' } {
    const error = this.errorOf(job, thrown);
    return { kind: 'failed', reason, event: { ...this.end(job, 'failed', startedAt, { error }), error } };
  }

  /** Parked unrun: each counted start of it so far was the end of its worker, or never ended. */
  poisoned(job: Job): RecordedOutcome & { kind: 'failed' } {
    const error = { name: 'PoisonError', message: poisonText };
    return {
      kind: 'failed',
      reason: 'poison',
      event: { ...taskEvent(job, 'failed', this.options.worker, { error }), error },
    };
  }

  revoked(job: Job, startedAt?: Date): RecordedOutcome & { kind: 'revoked' } {
    const event = startedAt ? this.end(job, 'revoked', startedAt, {}) : taskEvent(job, 'revoked', this.options.worker);
    return { kind: 'revoked', event };
  }

  /** History, dead letters and logs show it to people who must not see what is sensitive. */
  private errorOf({ contract, body, id }: Job, thrown: unknown): TaskError {
    return toTaskError(thrown, contract.kind === 'task' ? secretsIn(contract, body, id, this.options.cipher) : []);
  }

  private succeeded(job: Job, startedAt: Date, result: unknown): RecordedOutcome {
    return { kind: 'succeeded', event: this.end(job, 'succeeded', startedAt, { result }) };
  }

  /** Of a handler that was ended after its call had been answered; undefined when its result cannot be left out. */
  private lateSuccess(job: Job, startedAt: Date): RecordedOutcome | undefined {
    try {
      return this.succeeded(job, startedAt, checkResult(job, undefined));
    } catch {
      return undefined;
    }
  }

  private end(
    job: Job,
    kind: 'succeeded' | 'failed' | 'retrying' | 'revoked',
    startedAt: Date,
    more: Pick<TaskEvent, 'result' | 'error' | 'retryInSeconds'>,
  ): TaskEvent {
    const wait = waitSeconds(job, startedAt);
    return taskEvent(job, kind, this.options.worker, {
      startedAt: startedAt.toISOString(),
      ...(wait !== undefined && { waitSeconds: wait }),
      runSeconds: (Date.now() - startedAt.getTime()) / 1000,
      ...more,
    });
  }

  private async onCut(reason: Error, { tx }: AttemptExtras): Promise<void> {
    const { name, message } = reason;
    this.options.logger.warn({ error: { name, message } }, `The attempt is cut short: ${message}`);
    if (tx) await this.options.endTransaction(tx);
  }

  private handlerOf({ contract }: Job): HandlerCall {
    const handler = this.options.handlerOf(contract.name);
    if (!handler) throw new Error(`This process has no handler for "${contract.name}".`);
    return handler;
  }

  private contextOf(
    job: Job,
    limits: AttemptLimits,
    call: OutsideCall,
    { tx, startCalling }: AttemptExtras,
  ): TaskContext {
    const { tasks, logger } = this.options;
    const parent = { id: job.id, root: job.root };
    return {
      id: job.id,
      name: job.contract.name,
      run: job.run,
      attempt: triesOf(job),
      queue: job.delivery.queue,
      get signal() {
        return limits.signal;
      },
      log: logger,
      progress: (value) => this.options.progress.report(job, value),
      enqueue: (contract, payload, options) => tasks.enqueue(contract, payload, { ...options, parent, tx }),
      ...(tx && transactionContext(tasks, parent, tx)),
      ...(startCalling && { once: call.once }),
    };
  }
}

/** The one call of an `external` handler to the outside world. */
class OutsideCall {
  answered = false;
  private open = false;

  constructor(
    private readonly startCalling: (() => Promise<void>) | undefined,
    private readonly limits: Pick<AttemptLimits, 'cutShort'>,
  ) {}

  /** What is over, or revoked, does not begin its call any more. */
  readonly once: ExternalContext['once'] = async (call) => {
    this.throwIfCutShort();
    await this.startCalling?.();
    this.throwIfCutShort();
    this.open = true;
    try {
      const answer = await call();
      this.answered = true;
      return answer;
    } finally {
      this.open = false;
    }
  };

  private throwIfCutShort(): void {
    if (this.limits.cutShort) throw this.limits.cutShort;
  }

  /**
   * Why the attempt failed. What the handler throws after its call was answered is its verdict, however late. That it was ended
   * in its call or after it, or left its call behind, is none.
   */
  causeOf(error: unknown, limits: AttemptLimits): unknown {
    const ended = isCutShort(error, limits) || (error as Error | undefined)?.name === 'ThreadEndedError';
    if (this.open || (this.answered && ended)) return ambiguousEnd(error);
    return this.answered ? error : causeOf(error, limits);
  }
}

const endings: ReadonlySet<unknown> = new Set(['AbortError', 'HardLimitError', 'RevokedError']);
const verdicts: ReadonlySet<unknown> = new Set(['AmbiguousError', 'PermanentError', 'RetryLater']);

/** The attempt was ended at its hard limit or by a revocation, and what was thrown says no more than that. */
function isCutShort(error: unknown, { cutShort, signal }: AttemptLimits): boolean {
  if (error instanceof HardLimitError) return true; // the pool's, which has ended the thread
  if (!cutShort || verdicts.has((error as Error | undefined)?.name)) return false;
  for (let seen = error, depth = 0; seen instanceof Error && depth < 5; seen = seen.cause, depth += 1)
    if (seen === signal.reason || endings.has(seen.name) || isCopyOf(seen, signal.reason)) return true;
  return false;
}

/** A thread's error is another object. */
const isCopyOf = ({ name, message }: Error, reason: unknown): boolean =>
  reason instanceof Error && reason.name === name && reason.message === message;

/** A thread is ended at its hard limit by the pool. */
const limitsOf = (job: Job): Partial<TimeLimit> => {
  const { softSeconds, hardSeconds } = timeLimitOf(job);
  const isolated = job.contract.kind === 'task' && job.contract.isolation === 'thread';
  return { ...(softSeconds !== undefined && { softSeconds }), ...(!isolated && { hardSeconds }) };
};

/** Why the attempt failed. That nobody knows what happened outside weighs more than that it took too long. */
function causeOf(thrown: unknown, { cutShort }: AttemptLimits): unknown {
  const ambiguous = (thrown as Error | undefined)?.name === 'AmbiguousError';
  return cutShort && !(ambiguous && cutShort.name === 'HardLimitError') ? cutShort : thrown;
}

/** Tasks with a row wait in it; the others, and events, wait in the broker. */
const goesThroughLadder = ({ contract }: Job): boolean =>
  contract.kind === 'event' || contract.effects === 'idempotent';

/** @throws {Error} what the handler returned does not fit its contract, or is too large to be stored. */
export function checkResult({ contract }: Pick<Job, 'contract'>, returned: unknown): unknown {
  if (contract.kind === 'event') return undefined;
  const checked = contract.result.safeParse(returned ?? null);
  if (!checked.success) throw new Error(`The handler's result does not fit its contract: ${checked.error.message}`);
  const size = Buffer.byteLength(JSON.stringify(checked.data) ?? 'null');
  if (size > largestResultBytes)
    throw new Error(`The handler's result has ${size} bytes; at most ${largestResultBytes} are stored.`);
  return checked.data;
}
