import { ShutdownSignal } from '@mentorhub/service';
import type { TaskRecord } from '@mentorhub/task-store';
import { TaskResults } from '@mentorhub/tasks';
import { Injectable } from '@nestjs/common';

/** Long polling for the end of a task, which a stopping server cuts short: the caller is told the state so far and asks again. */
@Injectable()
export class ResultWait {
  constructor(
    private readonly results: TaskResults,
    private readonly shutdown: ShutdownSignal,
  ) {}

  /** The task when it has ended, or as it is after `seconds`; undefined when there is none. */
  async untilEnded(id: string, seconds: number): Promise<TaskRecord | undefined> {
    const { signal } = this.shutdown;
    if (seconds === 0 || signal.aborted) return this.results.wait(id, 0);
    const stopping = Promise.withResolvers<'stopping'>();
    const stop = () => stopping.resolve('stopping');
    signal.addEventListener('abort', stop, { once: true });
    try {
      const first = await Promise.race([this.results.wait(id, seconds), stopping.promise]);
      return first === 'stopping' ? await this.results.wait(id, 0) : first;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
