import { createLogger } from '@mentorhub/service';
import { isTerminal, toTaskId, type Move, type Revocation } from '@mentorhub/task-store';
import type { EntityManager } from 'typeorm';
import { AcceptedTask, type EnqueuedTask, type ResultOptions } from '@mentorhub/tasks';
import { resultOf } from '@mentorhub/tasks';
import type { EnqueueOptions, EnqueueRequest, RevokeOptions, Tasks } from '@mentorhub/tasks';
import type { AnyEventContract, AnyTaskContract, Payload, PayloadInput, Result } from '@mentorhub/task-contracts';
import { RevokedError } from '@mentorhub/task-worker/runner';
import type { ContextOf } from '@mentorhub/task-worker/runner';
import type { Nothing } from '@mentorhub/task-worker/runner';
import { AttemptRunner } from './attempt-runner.js';
import { HandlerRegistry, type Handle } from './handler-registry.js';
import { eventJob, taskJob } from './new-job.js';
import { endOf, waits, type Job, type TestTask } from './test-task.js';
import type { TestTasksOptions } from './test-tasks-options.js';
import { VirtualClock } from './virtual-clock.js';
import { WorkList } from './work-list.js';

type TaskFunction<C extends AnyTaskContract> = (
  payload: Payload<C>,
  context: ContextOf<C>,
) => Promise<Nothing<Result<C>>> | Nothing<Result<C>>;

/**
 * Stands in for `Tasks` in a test: handlers run in memory, without a broker, by a clock that the test moves.
 *
 * Payloads and results are checked, and failures judged, by the code of the real runtime; delivery, durability and
 * concurrency are not there at all. `docs/testing-tasks.md` lists the limits.
 *
 * @example
 * const tasks = new TestTasks({ catalogue }).register(new MailController(mailer));
 * await new SignUp(tasks.asTasks).signUp('ada@example.com');
 * await tasks.run();
 * expect(mailer.sent).toHaveLength(1);
 */
export class TestTasks implements Pick<Tasks, keyof Tasks> {
  private readonly clock: VirtualClock;
  private readonly handlers: HandlerRegistry;
  private readonly work: WorkList;

  constructor(private readonly options: TestTasksOptions) {
    const { startAt, mode, propagateErrors = false, controllers = [] } = options;
    this.clock = new VirtualClock(startAt ? () => startAt.getTime() : Date.now);
    this.handlers = new HandlerRegistry(options.catalogue);
    const runner = this.makeRunner();
    this.work = new WorkList({
      clock: this.clock,
      eager: mode === 'eager',
      propagateErrors,
      hasHandler: (name) => this.handlers.of(name) !== undefined,
      attempt: (job) => runner.run(job),
    });
    this.register(...controllers);
  }

  /** The same object, for whoever asks for the class `Tasks`. */
  get asTasks(): Tasks {
    return this as unknown as Tasks;
  }

  /** Everything that was enqueued, in its order; what a handler enqueued in a transaction that failed is not there. */
  get tasks(): readonly TestTask<AnyTaskContract>[] {
    return this.work.jobs.filter((job): job is Job & TestTask<AnyTaskContract> => job.contract.kind === 'task');
  }

  /** Every domain event that was published; one without a handler stays `queued`, which is no fault. */
  get events(): readonly TestTask<AnyEventContract>[] {
    return this.work.jobs.filter((job): job is Job & TestTask<AnyEventContract> => job.contract.kind === 'event');
  }

  /** The virtual time. */
  get now(): Date {
    return new Date(this.clock.now);
  }

  /** Adds instances of controllers. @throws {TestTasksError} one has no handler, or one that is there already. */
  register(...controllers: readonly object[]): this {
    for (const controller of controllers) this.handlers.addController(controller);
    return this;
  }

  /** Handles a task or an event by a function. @throws {TestTasksError} it has a handler already. */
  handle<C extends AnyTaskContract>(contract: C, handler: TaskFunction<C>): this;
  handle<E extends AnyEventContract>(
    event: E,
    handler: (payload: Payload<E>, context: ContextOf<E>) => Promise<void> | void,
  ): this;
  handle({ name }: AnyTaskContract | AnyEventContract, handler: unknown): this {
    this.handlers.add(name, handler as Handle);
    return this;
  }

  /**
   * Runs everything that is due, and what becomes due by that, one after the other. Tasks without a handler here stay
   * `queued`, as those of another service do.
   *
   * @returns what was run.
   * @throws {TestTasksError} there is no end to it, or a handler used a database that is not there.
   */
  async run(): Promise<readonly TestTask[]> {
    return this.work.runUntil(this.clock.now);
  }

  /** Lets this many seconds pass and runs everything that falls due meanwhile, each at its time. As {@link run} otherwise. */
  async advance(seconds: number): Promise<readonly TestTask[]> {
    return this.work.runUntil(this.clock.now + seconds * 1000);
  }

  /** Forgets everything that was enqueued and published; handlers and the time stay. */
  clear(): void {
    this.work.clear();
  }

  /** As `Tasks.enqueue`. @throws {InvalidPayloadError} the payload does not fit the contract. */
  async enqueue<C extends AnyTaskContract>(
    contract: C,
    payload: PayloadInput<C>,
    options: EnqueueOptions = {},
  ): Promise<EnqueuedTask<C>> {
    const job = this.newTask(contract, payload, options);
    const existing = this.work.find(job.id);
    if (existing) return this.accepted(contract, existing, false);
    const accepted = this.accepted(contract, job, true);
    await this.work.accept([job], options.tx);
    return accepted;
  }

  /** As `Tasks.enqueueMany`: all of them or none. */
  async enqueueMany<C extends AnyTaskContract>(
    requests: readonly EnqueueRequest<C>[],
    tx?: EntityManager,
  ): Promise<EnqueuedTask<C>[]> {
    const made = requests.map(({ contract, payload, options }) => ({
      contract,
      job: this.newTask(contract, payload, options),
    }));
    const ids = new Set<string>();
    const isFirst = ({ job: { id } }: (typeof made)[number]) => !ids.has(id) && ids.add(id).has(id);
    const fresh = made.filter((task) => !this.work.find(task.job.id) && isFirst(task));
    const accepted = fresh.map(({ contract, job }) => this.accepted(contract, job, true));
    await this.work.accept(
      fresh.map(({ job }) => job),
      tx,
    );
    return accepted;
  }

  /** As `Tasks.publish`. */
  async publish<E extends AnyEventContract>(
    event: E,
    payload: PayloadInput<E>,
    { tx }: { readonly tx: EntityManager },
  ): Promise<{ id: string }> {
    const job = eventJob(event, payload, this.clock.now);
    await this.work.accept([job], tx);
    return { id: job.id };
  }

  /** As `Tasks.resultOf`. The virtual time passes, and whatever is due meanwhile is run, until the task is over. */
  async resultOf<C extends AnyTaskContract>(contract: C, id: string, options?: ResultOptions): Promise<Result<C>> {
    const end = async (taskId: string, seconds: number) => {
      const ended = () => this.ended(taskId);
      await this.work.runUntil(this.clock.now + seconds * 1000, () => ended() !== undefined);
      return ended();
    };
    return resultOf({ end }, contract, id, options);
  }

  /** As `Tasks.revoke`, and always exact: only a task that runs at this moment is `revoking`. */
  async revoke(id: string, { terminate = false }: RevokeOptions = {}): Promise<Revocation> {
    const job = this.work.find(toTaskId(id));
    if (!job) return { answer: 'unknown' };
    const { state } = job;
    if (isTerminal(state)) return { answer: 'ended', run: 1, state };
    job.revoked = true;
    if (!waits(job)) {
      if (terminate) job.terminate.abort(new RevokedError());
      return { answer: 'revoking', run: 1, state };
    }
    job.state = 'revoked';
    return { answer: 'revoked', run: 1 };
  }

  /** As `Tasks.reschedule`: what is due already counts as published. */
  async reschedule(id: string, eta: Date): Promise<Move> {
    const job = this.work.find(toTaskId(id));
    if (!job) return { answer: 'unknown' };
    if (isTerminal(job.state)) return { answer: 'ended', state: job.state };
    if (!waits(job) || job.dueAt.getTime() <= this.clock.now) return { answer: 'published', state: job.state };
    job.dueAt = new Date(Math.max(eta.getTime(), this.clock.now));
    return { answer: 'moved', state: job.state, dueAt: job.dueAt };
  }

  private makeRunner(): AttemptRunner {
    const { tx, random = () => 1, logger = silent } = this.options;
    return new AttemptRunner({
      tasks: this,
      handlers: this.handlers,
      clock: this.clock,
      tx,
      random,
      log: logger,
      holding: (held, work) => this.work.holding(held, work),
    });
  }

  private newTask(contract: AnyTaskContract, payload: unknown, options: EnqueueOptions = {}): Job {
    return taskJob(this.options.catalogue, contract, payload, options, this.clock.now);
  }

  private accepted<C extends AnyTaskContract>(contract: C, { id, state }: Job, created: boolean): EnqueuedTask<C> {
    return new AcceptedTask(contract, { id, state, created }, (...wait) => this.resultOf(...wait));
  }

  private ended(id: string) {
    const job = this.work.find(id);
    return job && isTerminal(job.state) ? endOf(job) : undefined;
  }
}

const silent = createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false });
