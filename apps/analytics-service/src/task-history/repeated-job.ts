/** Runs a job again and again, the next time so many seconds after it ended. The job must not throw. */
export class RepeatedJob {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly everySeconds: number,
    private readonly job: () => Promise<void>,
  ) {}

  /** Resolves when the first time is over. */
  async start(): Promise<void> {
    if (this.stopped) return;
    this.running = this.job();
    await this.running;
    if (!this.stopped) this.timer = setTimeout(() => void this.start(), this.everySeconds * 1000);
  }

  /** Waits for the job if it runs; idempotent. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
