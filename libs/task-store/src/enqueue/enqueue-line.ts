import { isDataFault } from '../data-fault.js';
import type { InsertedTask, NewTask } from './insert-tasks.js';

/** As many tasks of this process wait to be written as it takes, or these waited for too long. */
export class OverloadError extends Error {
  override readonly name = 'OverloadError';

  /** @param unclear it may have been accepted all the same: a publish of it was not answered. Default: nothing was accepted. */
  constructor(
    readonly why: string,
    readonly unclear = false,
  ) {
    super(
      unclear
        ? `${why} RabbitMQ did not say whether it has taken the task, so it may run all the same. Enqueue it again later, or more slowly.`
        : `${why} Nothing was accepted: try again later, or enqueue more slowly.`,
    );
  }
}

export interface LineLimits {
  /** Tasks that wait or are being written. Default 10,000. */
  readonly tasks: number;
  /** Bytes of their payloads. Default 64 MiB. */
  readonly bytes: number;
  /** How long one may wait before it is being written. Default 10. */
  readonly seconds: number;
}

const defaultLimits: LineLimits = { tasks: 10_000, bytes: 64 * 1024 * 1024, seconds: 10 };

/** Statements at once, in either line; the pool's other connections are for other work. */
const mostStatements = 4;
/** Many small calls share a statement; a large one has its own. */
const tasksPerStatement = 100;
const bytesPerStatement = 1024 * 1024;

/** One call: its tasks are inserted together or not at all. */
interface Call {
  readonly tasks: readonly NewTask[];
  readonly bytes: number;
  readonly since: number;
  resolve(inserted: InsertedTask[]): void;
  reject(error: unknown): void;
}

/** Calls that wait for each other, and how many statements of theirs are being executed. */
interface Line {
  readonly waiting: Call[];
  statements: number;
  timer?: NodeJS.Timeout | undefined;
  /** Takes what is written in one statement. */
  portion(line: Line): Call[];
}

/**
 * The tasks that a process enqueues outside of transactions, on their way to PostgreSQL.
 *
 * 1. A call that finds a free place is written at once, so an idle process waits for nobody.
 * 2. Calls that come meanwhile wait, and are then written in one statement: a row so costs a fraction of what it costs alone.
 * 3. A call whose ids others may use too may have to wait for their transactions: it has a statement of its own, in a line of its own,
 *    and holds up none of the others.
 * 4. What comes above the limits is refused. More waiting would not make PostgreSQL quicker, and would end the process.
 */
export class EnqueueLine {
  private readonly limits: LineLimits;
  private readonly plain: Line = { waiting: [], statements: 0, portion: nextPortion };
  private readonly chosen: Line = { waiting: [], statements: 0, portion: (line) => this.nextChosen(line) };
  /** Ids that others may use too, of calls that are being written. */
  private readonly writing = new Set<string>();
  private tasks = 0;
  private bytes = 0;

  /** @param insert inserts tasks in one statement, and answers those whose id was not there. */
  constructor(
    private readonly insert: (tasks: readonly NewTask[]) => Promise<InsertedTask[]>,
    limits: Partial<LineLimits> = {},
  ) {
    this.limits = { ...defaultLimits, ...limits };
  }

  /**
   * @returns those whose id was not there yet, in any order.
   * @throws {OverloadError} the line is full, or they waited for too long. A call above a limit of its own is taken when nobody waits.
   */
  add(tasks: readonly NewTask[]): Promise<InsertedTask[]> {
    const bytes = tasks.reduce((sum, { payload }) => sum + payload.length, 0);
    const full = this.tasks + tasks.length > this.limits.tasks || this.bytes + bytes > this.limits.bytes;
    if (full && this.tasks > 0) return Promise.reject(this.fullLine(tasks.length, bytes));
    this.tasks += tasks.length;
    this.bytes += bytes;
    return new Promise((resolve, reject) => {
      const line = tasks.some(({ chosenId }) => chosenId) ? this.chosen : this.plain;
      line.waiting.push({ tasks, bytes, since: performance.now(), resolve, reject });
      // What is added in the same tick belongs together. Those before it may wait for a chosen id alone.
      if (line.waiting.length === 1 || line.statements < mostStatements) queueMicrotask(() => this.writeWaiting(line));
    });
  }

  private writeWaiting(line: Line): void {
    while (line.statements < mostStatements && line.waiting.length > 0) {
      const calls = line.portion(line);
      if (calls.length === 0) break;
      line.statements += 1;
      void this.write(calls).finally(() => {
        line.statements -= 1;
        if (line === this.chosen) for (const { tasks } of calls) for (const { id } of tasks) this.writing.delete(id);
        this.writeWaiting(line);
      });
    }
    this.watch(line);
  }

  /** The first call none of whose ids is being written: it would wait for that, and keep a statement from the others. */
  private nextChosen({ waiting }: Line): Call[] {
    const index = waiting.findIndex(({ tasks }) => !tasks.some(({ id }) => this.writing.has(id)));
    if (index === -1) return [];
    const calls = waiting.splice(index, 1);
    for (const { tasks } of calls) for (const { id } of tasks) this.writing.add(id);
    return calls;
  }

  /** One call whose values PostgreSQL refuses is found by halves, and does not take the others along. */
  private async write(calls: readonly Call[]): Promise<void> {
    try {
      const inserted = await this.insert(calls.flatMap(({ tasks }) => tasks));
      const left = new Map(inserted.map((row) => [row.id, row]));
      for (const call of calls) this.written(call, left);
    } catch (error) {
      if (calls.length > 1 && isDataFault(error)) {
        const half = Math.ceil(calls.length / 2);
        await this.write(calls.slice(0, half));
        return this.write(calls.slice(half));
      }
      for (const call of calls) this.refuse(call, error);
    }
  }

  /** Of an id that several calls have, the first one's was taken. */
  private written(call: Call, left: Map<string, InsertedTask>): void {
    const own: InsertedTask[] = [];
    for (const { id } of call.tasks) {
      const row = left.get(id);
      if (row) own.push(row);
      left.delete(id);
    }
    this.leave(call);
    call.resolve(own);
  }

  private refuse(call: Call, error: unknown): void {
    this.leave(call);
    call.reject(error);
  }

  private leave({ tasks, bytes }: Call): void {
    this.tasks -= tasks.length;
    this.bytes -= bytes;
  }

  /** All wait as long at most, so the first of a line is the first whose time is over. */
  private watch(line: Line): void {
    const [first] = line.waiting;
    if (!first || line.timer) return;
    const overIn = first.since + this.limits.seconds * 1000 - performance.now();
    line.timer = setTimeout(
      () => {
        line.timer = undefined;
        this.refuseLate(line);
        this.watch(line);
      },
      Math.max(1, overIn),
    );
    line.timer.unref();
  }

  private refuseLate({ waiting }: Line): void {
    const { seconds } = this.limits;
    const late = performance.now() - seconds * 1000;
    const inTime = waiting.findIndex(({ since }) => since > late);
    for (const call of waiting.splice(0, inTime === -1 ? waiting.length : inTime))
      this.refuse(call, new OverloadError(`PostgreSQL was too busy to write it within ${seconds} s.`));
  }

  private fullLine(tasks: number, bytes: number): OverloadError {
    const { limits } = this;
    return new OverloadError(
      tasks > limits.tasks || bytes > limits.bytes
        ? `A call of ${tasks} tasks and ${bytes} bytes is taken only when no others wait: split it into calls of less than ${limits.tasks} tasks and ${limits.bytes} bytes.`
        : `${this.tasks} tasks of this process wait to be written to PostgreSQL already.`,
    );
  }
}

function nextPortion({ waiting }: Line): Call[] {
  let [count, size, calls] = [0, 0, 0];
  for (const { tasks, bytes } of waiting) {
    count += tasks.length;
    size += bytes;
    if (calls > 0 && (count > tasksPerStatement || size > bytesPerStatement)) break;
    calls += 1;
  }
  return waiting.splice(0, calls);
}
