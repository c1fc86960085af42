import { taskMetrics } from '@mentorhub/metrics';
import type { Logger } from '@mentorhub/service';
import { AsyncLocalStorage } from 'node:async_hooks';

const lookEveryMs = 20;
const blockedMs = 100;

/**
 * Notices handlers that keep the event loop for 100 ms or longer: heartbeats, deliveries and settlements wait meanwhile.
 * It looks every 20 ms while a handler runs, and not at all otherwise. A look that comes late names the tasks that have run
 * since the one before, also those that have ended: which of them it was, only their code tells.
 */
export class EventLoopWatch {
  private readonly running = new Map<string, number>();
  private seen = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = 0;
  // A timer belongs to the task that set it, and so would the line that it logs.
  private readonly outside = AsyncLocalStorage.snapshot();

  constructor(private readonly logger: Logger) {}

  /** @returns what to call when the handler has ended. */
  enter(task: string): () => void {
    this.seen.add(task);
    this.running.set(task, (this.running.get(task) ?? 0) + 1);
    if (!this.timer) this.lookSoon();
    return () => this.leave(task);
  }

  private leave(task: string): void {
    const left = (this.running.get(task) ?? 0) - 1;
    if (left > 0) this.running.set(task, left);
    else this.running.delete(task);
  }

  private lookSoon(): void {
    this.lookedAt = performance.now();
    this.timer = this.outside(() => setTimeout(() => this.look(), lookEveryMs).unref());
  }

  /** Once more after the last task has ended, for the handler that blocked from its first line to its last. */
  private look(): void {
    const ms = performance.now() - this.lookedAt;
    if (ms >= blockedMs) this.report([...this.seen].sort(), ms);
    this.seen = new Set(this.running.keys());
    this.timer = undefined;
    if (this.seen.size > 0) this.lookSoon();
  }

  private report(tasks: readonly string[], ms: number): void {
    for (const task of tasks) taskMetrics.eventLoopBlocked.observe({ task }, ms / 1000);
    this.logger.warn(
      { tasks, blocked_seconds: ms / 1000 },
      `The event loop was blocked for ${Math.round(ms)} ms while these tasks ran: ${tasks.join(', ')}; a handler that computes for long belongs into isolation: 'thread'.`,
    );
  }
}
