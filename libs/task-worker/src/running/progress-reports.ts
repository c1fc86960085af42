import type { TaskStore } from '@mentorhub/task-store';
import type { Logger } from '@mentorhub/service';
import { type Job, runOf } from '../job/job.js';

const writeEveryMs = 500;
const largestBytes = 4_096;

/** Writes what handlers say about how far they are: the latest of each task, all of them together twice a second. */
export class ProgressReports {
  private latest = new Map<Job, unknown>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: TaskStore,
    private readonly logger: Logger,
  ) {}

  /** @throws {RangeError} above 4 KiB as JSON. */
  report(job: Job, progress: unknown): void {
    const bytes = Buffer.byteLength(JSON.stringify(progress) ?? '');
    if (bytes > largestBytes)
      throw new RangeError(`A progress report has ${bytes} bytes; at most ${largestBytes} are kept.`);
    this.latest.set(job, progress ?? null);
    this.timer ??= setTimeout(() => {
      this.writing = this.write();
    }, writeEveryMs);
  }

  /** Writes what is left; call it when nothing runs any more. */
  async drain(): Promise<void> {
    clearTimeout(this.timer);
    await this.writing;
    await this.write();
  }

  private async write(): Promise<void> {
    this.timer = undefined;
    const reports = [...this.latest].map(([job, progress]) => ({ task: runOf(job), progress }));
    this.latest = new Map();
    if (reports.length === 0) return;
    await this.store.history.setProgress(reports).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'Progress could not be written; the next report says more.');
    });
  }
}
