import { taskEvent, waitSeconds } from '../outcome/task-events.js';
import type { TaskEvent } from '@mentorhub/task-store';
import { timeLimitOf, type Job } from '../job/job.js';
import { RevokedError, type AttemptLimits } from './attempt-limits.js';
import type { EventLoopWatch } from './event-loop-watch.js';
import { graceSeconds } from './poison.js';

export interface RunningTasksOptions {
  readonly worker: string;
  /** Told once for each task that runs longer than 100 ms; quicker ones say when they started in their outcome. */
  readonly onLongRunning: (event: TaskEvent) => void;
  /** Told once for each handler that has not returned long after its hard limit. */
  readonly onHanging: (job: Job) => void;
  /** Told of handlers that run in this thread. */
  readonly watch: EventLoopWatch;
}

interface Run {
  readonly job: Job;
  readonly startedAt: Date;
  readonly limits: AttemptLimits;
  announced: boolean;
  readonly hangsAt: number;
  hangs: boolean;
}

const announceAfterMs = 100;
const isInline = ({ contract }: Job): boolean => contract.kind === 'event' || contract.isolation === 'inline';

/** What this process runs right now. */
export class RunningTasks {
  private readonly runs = new Set<Run>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: RunningTasksOptions) {}

  get count(): number {
    return this.runs.size;
  }

  get ids(): string[] {
    return [...this.runs].map(({ job }) => job.id);
  }

  /** @returns what to call when the handler has ended. */
  start(job: Job, startedAt: Date, limits: AttemptLimits): () => void {
    const hangsAt = startedAt.getTime() + (timeLimitOf(job).hardSeconds + graceSeconds) * 1000;
    const run = { job, startedAt, limits, announced: job.contract.kind === 'event', hangsAt, hangs: false };
    this.runs.add(run);
    this.timer ??= setTimeout(() => this.announce(), announceAfterMs);
    const leave = isInline(job) ? this.options.watch.enter(job.contract.name) : undefined;
    return () => {
      leave?.();
      this.end(run);
    };
  }

  /** Cuts short what runs of this task, up to this run of it. @returns whether anything did. */
  terminate(taskId: string, run: number): boolean {
    const found = [...this.runs].filter(({ job }) => job.id === taskId && job.run <= run);
    for (const { limits } of found) limits.cut(new RevokedError());
    return found.length > 0;
  }

  private end(run: Run): void {
    this.runs.delete(run);
    if (this.runs.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private announce(): void {
    const latest = Date.now() - announceAfterMs;
    for (const run of this.runs) {
      this.noticeHanging(run);
      if (run.announced || run.startedAt.getTime() > latest) continue;
      run.announced = true;
      this.options.onLongRunning(this.startedEvent(run));
    }
    this.timer = this.runs.size > 0 ? setTimeout(() => this.announce(), announceAfterMs) : undefined;
  }

  private noticeHanging(run: Run): void {
    if (run.hangs || Date.now() < run.hangsAt) return;
    run.hangs = true;
    this.options.onHanging(run.job);
  }

  private startedEvent({ job, startedAt }: Run): TaskEvent {
    const wait = waitSeconds(job, startedAt);
    const at = startedAt.toISOString();
    const event = taskEvent(job, 'started', this.options.worker, {
      startedAt: at,
      ...(wait !== undefined && { waitSeconds: wait }),
    });
    return { ...event, at };
  }
}
