import { isDataFault } from '../data-fault.js';
import type { InsertedTask, NewTask } from './insert-tasks.js';

/** As many tasks of this process wait to be written as it takes, or these waited for too long. Nothing was accepted. */
export class OverloadError extends Error {
  override readonly name = 'OverloadError';

  constructor(why: string) {
    super(`${why} Nothing was accepted: try again later, or enqueue more slowly.`);
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

/** Statements at once; the pool's other connections are for other work. */
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

/**
 * The tasks that a process enqueues outside of transactions, on their way to PostgreSQL.
 *
 * 1. A call that finds a free place is written at once, so an idle process waits for nobody.
 * 2. Calls that come meanwhile wait, and are then written in one statement: a row so costs a fraction of what it costs alone.
 * 3. A call whose ids others may use too may have to wait for their transactions: it has a statement of its own at once, and holds up nobody.
 * 4. What comes above the limits is refused. More waiting would not make PostgreSQL quicker, and would end the process.
 */
export class EnqueueLine {
  private readonly limits: LineLimits;
  private waiting: Call[] = [];
  private tasks = 0;
  private bytes = 0;
  private statements = 0;
  private timer: NodeJS.Timeout | undefined;

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
    if (full && this.tasks > 0) return Promise.reject(fullLine(this.tasks));
    this.tasks += tasks.length;
    this.bytes += bytes;
    return new Promise((resolve, reject) => {
      const call = { tasks, bytes, since: performance.now(), resolve, reject };
      if (tasks.some(({ chosenId }) => chosenId)) return void this.write([call]);
      this.waiting.push(call);
      // What is added in the same tick belongs together.
      if (this.waiting.length === 1) queueMicrotask(() => this.writeWaiting());
    });
  }

  private writeWaiting(): void {
    while (this.statements < mostStatements && this.waiting.length > 0) {
      this.statements += 1;
      void this.write(this.nextPortion()).finally(() => {
        this.statements -= 1;
        this.writeWaiting();
      });
    }
    this.watch();
  }

  private nextPortion(): Call[] {
    let [count, size, calls] = [0, 0, 0];
    for (const { tasks, bytes } of this.waiting) {
      count += tasks.length;
      size += bytes;
      if (calls > 0 && (count > tasksPerStatement || size > bytesPerStatement)) break;
      calls += 1;
    }
    return this.waiting.splice(0, calls);
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

  /** All wait as long at most, so the first of the line is the first whose time is over. */
  private watch(): void {
    const [first] = this.waiting;
    if (!first || this.timer) return;
    const overIn = first.since + this.limits.seconds * 1000 - performance.now();
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.refuseLate();
        this.watch();
      },
      Math.max(1, overIn),
    );
    this.timer.unref();
  }

  private refuseLate(): void {
    const { seconds } = this.limits;
    const late = performance.now() - seconds * 1000;
    const inTime = this.waiting.findIndex(({ since }) => since > late);
    for (const call of this.waiting.splice(0, inTime === -1 ? this.waiting.length : inTime))
      this.refuse(call, new OverloadError(`PostgreSQL wrote no tasks of this process for ${seconds} s.`));
  }
}

const fullLine = (tasks: number): OverloadError =>
  new OverloadError(`${tasks} tasks of this process wait to be written to PostgreSQL already.`);
