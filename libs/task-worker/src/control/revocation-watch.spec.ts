import type { Broker } from '@mentorhub/messaging';
import { createLogger } from '@mentorhub/service';
import type { LiveTombstone, TaskStore } from '@mentorhub/task-store';
import { randomUUID } from 'node:crypto';
import { RevocationWatch } from './revocation-watch.js';

const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false });

describe('What a worker knows of revocations', () => {
  const task = { taskId: randomUUID(), run: 1, attempt: 1 };

  /** A broker whose connection is lost when the test says so, and a database that answers when it says so. */
  async function watching() {
    const reads: PromiseWithResolvers<LiveTombstone[]>[] = [];
    const asked: string[] = [];
    let lose: () => void = () => undefined;
    const consumer = { untilActive: () => Promise.resolve(), close: () => Promise.resolve() };
    const broker = {
      consumeTemporary: ({ onCancelled }: { onCancelled: () => void }) => ((lose = onCancelled), consumer),
    };
    const revocations = {
      live: () => {
        reads.push(Promise.withResolvers());
        return reads.at(-1)?.promise;
      },
      has: (_manager: unknown, { taskId }: { taskId: string }) => Promise.resolve(asked.push(taskId) > 0),
    };
    const watch = new RevocationWatch({
      broker: broker as unknown as Broker,
      store: { revocations, dataSource: {} } as unknown as TaskStore,
      exchange: 'control',
      worker: 'test',
      logger,
      running: { ids: [], terminate: () => undefined },
    });
    const started = watch.start();
    const answer = async (n: number) => {
      reads[n]?.resolve([]);
      await new Promise(setImmediate);
    };
    const lost = async () => {
      lose();
      await new Promise(setImmediate);
    };
    await new Promise(setImmediate);
    await answer(0);
    await started;
    return { watch, asked, answer, lost };
  }

  it('is asked of PostgreSQL from the loss of its broadcasts until all are read again', async () => {
    const { watch, asked, answer, lost } = await watching();
    expect(watch.mayHave(task)).toBe(false);
    await lost();
    expect(watch.mayHave(task)).toBe(true);
    expect(await watch.has(task)).toBe(true);
    expect(asked).toEqual([task.taskId]);
    await answer(1);
    expect(watch.mayHave(task)).toBe(false);
    expect(await watch.has(task)).toBe(false);
    await watch.stop();
  });

  it('is not what was read before a further loss', async () => {
    const { watch, answer, lost } = await watching();
    await lost();
    await lost();
    await answer(1);
    expect(watch.mayHave(task)).toBe(true);
    await answer(2);
    expect(watch.mayHave(task)).toBe(false);
    await watch.stop();
  });
});
