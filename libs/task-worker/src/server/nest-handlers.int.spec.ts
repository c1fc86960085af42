import {
  Controller,
  Inject,
  Injectable,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { Call, Ping, Record, Recorded } from '../../test/example-tasks.js';
import { calls, outside, resetScript, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { Payload } from '@mentorhub/task-contracts';
import type { DatabaseContext, ExternalContext, TaskContext } from '../job/context.js';
import { EventHandler, TaskHandler } from '../job/handlers.js';

@Injectable()
class Greeter {
  greet = (note: string) => `hello ${note}`;
}

@Injectable()
class OnlyFriends implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return !context.switchToRpc().getData<{ note: string }>().note.includes('stranger');
  }
}

class Loudly implements PipeTransform {
  transform(value: unknown, { type }: { type: string }): unknown {
    if (type !== 'body' || typeof value !== 'object' || value === null || !('note' in value)) return value;
    return { ...value, note: String(value.note).toUpperCase() };
  }
}

class WriteOneMore implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    outside(`around ${context.getHandler().name} ${context.switchToRpc().getContext<TaskContext>().name}`);
    return next.handle().pipe(map((result: { written: number }) => ({ written: result.written + 1 })));
  }
}

@Controller()
@UseGuards(OnlyFriends)
class AdornedController {
  constructor(@Inject(Greeter) private readonly greeter: Greeter) {}

  @TaskHandler(Record)
  @UsePipes(Loudly)
  @UseInterceptors(WriteOneMore)
  async record({ note, times }: Payload<typeof Record>, ctx: DatabaseContext) {
    await ctx.tx.query('INSERT INTO public.ledger VALUES ($1, $2)', [this.greeter.greet(note), ctx.id]);
    return { written: times };
  }

  @TaskHandler(Call)
  async call({ note }: Payload<typeof Call>, ctx: ExternalContext) {
    await ctx.once(async () => outside(`${note} ${ctx.name} ${ctx.run} ${ctx.attempt} ${ctx.queue}`));
  }

  @TaskHandler(Ping)
  ping() {
    throw new TypeError('not the way');
  }

  @EventHandler(Recorded)
  recorded() {}
}

describe('A Nest handler of tasks', () => {
  let servers: Servers;
  let application: TaskApplication;
  const queues = { work: { concurrency: 2 }, outside: { concurrency: 2 } };

  beforeAll(async () => {
    servers = await createServers();
    const options = { controllers: [AdornedController], providers: [Greeter, OnlyFriends], queues };
    application = await TaskApplication.start(servers, options);
  });

  beforeEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  it('gets what its pipes made of the payload, its injected services, and the context', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'anna' });
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded' });
    expect(await application.ledger()).toEqual(['hello ANNA']);
  });

  it('has its result changed by an interceptor, which sees the context', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'bob', times: 5 });
    expect((await application.ended(id)).result).toEqual({ written: 6 });
    expect(calls).toEqual(['around record ledger.record']);
  });

  it('is told what it runs: name, run, attempt and queue', async () => {
    const { id } = await application.tasks.enqueue(Call, { note: 'carl' });
    await application.ended(id);
    expect(calls).toEqual(['carl outside.call 1 1 outside']);
  });

  it('is not called when a guard says no; the task has failed', async () => {
    const { id } = await application.tasks.enqueue(Call, { note: 'stranger' });
    expect((await application.failed(id)).message).toBe('Forbidden resource');
    expect(calls).toEqual([]);
  });

  it('has its errors recorded as they were thrown', async () => {
    const { id } = await application.tasks.enqueue(Ping, { note: 'dora' });
    expect(await application.failed(id)).toMatchObject({ name: 'TypeError', message: 'not the way' });
  });

  it('may not be there twice for one task', async () => {
    @Controller()
    class SecondController {
      @TaskHandler(Ping)
      ping() {}
    }
    const starting = TaskApplication.start(servers, { controllers: [ScriptedController, SecondController], queues });
    await expect(starting).rejects.toThrow('"light.ping" has two handlers');
  });
});
