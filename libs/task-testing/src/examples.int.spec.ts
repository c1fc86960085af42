/*
 * Every block of code in docs/testing-tasks.md stands here or in examples.spec.ts, as docs/examples.spec.mjs checks;
 * change both together.
 */
import { Controller } from '@nestjs/common';
import type { Payload } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { catalogue, exchanges, Record, topology } from '@mentorhub/task-worker/fixtures';
import { createTestServers, expectEnqueued, TestService, TestTasks, type TestServers } from './index.js';

@Controller()
class LedgerController {
  @TaskHandler(Record)
  async record({ note, times }: Payload<typeof Record>, { tx }: DatabaseContext) {
    await tx.query('INSERT INTO ledger VALUES ($1)', [note]);
    return { written: times };
  }
}

const ledger = async (servers: TestServers) =>
  (await servers.database.query<{ note: string }>('SELECT note FROM ledger')).map(({ note }) => note);

describe('The examples of the documentation on real servers', () => {
  let servers: TestServers;
  let service: TestService;

  beforeAll(async () => {
    servers = await createTestServers({
      template: 'ledger',
      migrate: (dataSource) => dataSource.query('CREATE TABLE ledger (note text NOT NULL)'),
    });
    service = await TestService.start(servers, {
      catalogue,
      topology,
      exchanges,
      controllers: [LedgerController],
      queues: { work: { concurrency: 5 } },
    });
  });

  afterAll(async () => {
    await service?.stop();
    await servers?.remove();
  });

  it('run a task through the broker', async () => {
    const task = await service.tasks.enqueue(Record, { note: 'over the broker', times: 2 });

    expect(await task.result({ timeoutSeconds: 200 })).toEqual({ written: 2 });
    expect(await ledger(servers)).toEqual(['over the broker']);
    expect(await service.ended(task.id)).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it('expect a task of the database', async () => {
    await service.tasks.enqueue(Record, { note: 'tomorrow' }, { countdownSeconds: 86_400 });

    const eta = new Date(Date.now() + 86_400_000);
    await expectEnqueued(service.dataSource, Record, { note: 'tomorrow' }, { eta, times: 1 });
  });

  it('run a handler in memory on a real database', async () => {
    const { manager: tx } = service.dataSource;
    const tasks = new TestTasks({ catalogue, controllers: [new LedgerController()], tx });

    await tasks.enqueue(Record, { note: 'without a broker' });
    await tasks.run();
    expect(await ledger(servers)).toContain('without a broker');
  });

  it('rolls back what an attempt in memory wrote before it failed', async () => {
    const tasks = new TestTasks({ catalogue, tx: service.dataSource.manager });
    tasks.handle(Record, async ({ note }, { tx }) => {
      await tx.query('INSERT INTO ledger VALUES ($1)', [note]);
      throw new Error('no');
    });
    await tasks.enqueue(Record, { note: 'rolled back' });
    await tasks.run();
    expect(tasks.tasks).toMatchObject([{ state: 'failed', error: { message: 'no' } }]);
    expect(await ledger(servers)).not.toContain('rolled back');
  });
});
