import { Controller } from '@nestjs/common';
import { Call, Ping, Record, Recorded } from '../../test/example-tasks.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { Payload } from '@mentorhub/task-contracts';
import type { DatabaseContext, ExternalContext } from '../job/context.js';
import { EventHandler, TaskHandler } from '../job/handlers.js';

const seen: string[] = [];

@Controller()
class LedgerController {
  @TaskHandler(Record)
  async record({ note, times }: Payload<typeof Record>, ctx: DatabaseContext) {
    for (let n = 0; n < times; n += 1) await ctx.tx.query('INSERT INTO public.ledger VALUES ($1, $2)', [note, ctx.id]);
    return { written: times };
  }

  @TaskHandler(Call)
  async call({ note, secret }: Payload<typeof Call>, ctx: ExternalContext) {
    await ctx.once(async () => seen.push(`${note}:${secret}`));
  }

  @TaskHandler(Ping)
  ping({ note }: Payload<typeof Ping>) {
    seen.push(note);
  }

  @EventHandler(Recorded)
  async recorded({ note }: Payload<typeof Recorded>, ctx: DatabaseContext) {
    await ctx.tx.query('INSERT INTO public.ledger VALUES ($1)', [`heard ${note}`]);
  }
}

describe('A task server', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, {
      controllers: [LedgerController],
      queues: { work: { concurrency: 5 }, outside: { concurrency: 5 }, listeners: { concurrency: 2 } },
    });
  });

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  it('B9: runs a task with database effects and stores its result', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'one' });
    const task = await application.ended(id);
    expect(task).toMatchObject({ state: 'succeeded', result: { written: 1 }, attempt: 1, worker: 'test-worker' });
    expect(await application.ledger()).toContain('one');
  });

  it('B9: runs a task with external effects and opens its sensitive fields for the handler alone', async () => {
    const { id } = await application.tasks.enqueue(Call, { note: 'two', secret: 'hush' });
    const task = await application.ended(id);
    expect(task.state).toBe('succeeded');
    expect(seen).toContain('two:hush');
    expect(task.payload?.toString()).not.toContain('hush');
  });

  it('B9: runs a light task that has no row until its first event', async () => {
    const { id } = await application.tasks.enqueue(Ping, { note: 'three' });
    expect((await application.ended(id)).state).toBe('succeeded');
    expect(seen).toContain('three');
  });
});
