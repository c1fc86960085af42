import type { TaskStore } from '@mentorhub/task-store';
import type { Logger } from '@mentorhub/service';
import { type Job, runOf } from '../job/job.js';

const writeEveryMs = 500;
const largestBytes = 4_096;

/**
 * Writes what handlers say about how far they are: the latest of each task, all of them together twice a second, one write at a
 * time. What concerns a row that somebody keeps locked is written later.
 */
export class ProgressReports {
  private latest = new Map<Job, unknown>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly store: { readonly history: Pick<TaskStore['history'], 'setProgress'> },
    private readonly logger: Logger,
  ) {}

  /** @throws {RangeError} above 4 KiB as JSON. */
  report(job: Job, progress: unknown): void {
    const bytes = Buffer.byteLength(JSON.stringify(progress) ?? '');
    if (bytes > largestBytes)
      throw new RangeError(`A progress report has ${bytes} bytes; at most ${largestBytes} are kept.`);
    this.latest.set(job, progress ?? null);
    this.writeSoon();
  }

  /** Writes what is left; call it when nothing runs any more. */
  async drain(): Promise<void> {
    await this.writing;
    clearTimeout(this.timer);
    await this.write();
  }

  private writeSoon(): void {
    if (this.timer || this.writing || this.latest.size === 0) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.writing = this.write().finally(() => {
        this.writing = undefined;
        this.writeSoon();
      });
    }, writeEveryMs);
  }

  private async write(): Promise<void> {
    const reports = [...this.latest];
    this.latest = new Map();
    if (reports.length === 0) return;
    try {
      const tasks = reports.map(([job, progress]) => ({ task: runOf(job), progress }));
      const held = new Set(await this.store.history.setProgress(tasks));
      for (const [job, progress] of reports)
        if (held.has(job.id) && !this.latest.has(job)) this.latest.set(job, progress);
    } catch (error) {
      this.logger.warn({ err: error }, 'Progress could not be written; the next report says more.');
    }
  }
}
