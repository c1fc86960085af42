import { Controller } from '@nestjs/common';
import type { Payload } from '@mentorhub/task-contracts';
import {
  EventHandler,
  TaskHandler,
  type DatabaseContext,
  type ExternalContext,
  type TaskContext,
} from '../src/index.js';
import { Gate } from './gate.js';
import {
  Book,
  Brief,
  BriefCall,
  BriefPing,
  ByKey,
  Call,
  Limited,
  Ping,
  Rare,
  Record,
  Recorded,
  Warned,
} from './example-tasks.js';

type Note = { readonly note: string };

export const write = (tx: DatabaseContext['tx'], note: string, id?: string): Promise<unknown> =>
  tx.query('INSERT INTO public.ledger VALUES ($1, $2)', [note, id]);

/** What the handlers do, for a test to replace; `calls` is what reached the outside world. */
const usual = {
  record: async ({ note }: Note, ctx: DatabaseContext): Promise<void> => void (await write(ctx.tx, note, ctx.id)),
  call: (payload: Note, ctx: ExternalContext): Promise<void> => ctx.once(async () => outside(payload.note)),
  book: (payload: Note, ctx: ExternalContext): Promise<void> => ctx.once(async () => outside(payload.note)),
  ping: async (payload: Note, _ctx: TaskContext): Promise<void> => outside(payload.note),
  recorded: async (payload: Note, ctx: DatabaseContext): Promise<void> =>
    void (await write(ctx.tx, `heard ${payload.note}`)),
};

export const script = { ...usual };
export const calls: string[] = [];
export const outside = (note: string): void => void calls.push(note);

/** Before and after each test. */
export function resetScript(): void {
  Gate.openAll();
  Object.assign(script, usual);
  calls.length = 0;
}

@Controller()
export class ScriptedController {
  @TaskHandler(Record)
  async record(payload: Payload<typeof Record>, ctx: DatabaseContext) {
    await script.record(payload, ctx);
    return { written: payload.times };
  }

  @TaskHandler(Call)
  call(payload: Payload<typeof Call>, ctx: ExternalContext) {
    return script.call(payload, ctx);
  }

  @TaskHandler(Book)
  book(payload: Payload<typeof Book>, ctx: ExternalContext) {
    return script.book(payload, ctx);
  }

  @TaskHandler(Ping)
  ping(payload: Payload<typeof Ping>, ctx: TaskContext) {
    return script.ping(payload, ctx);
  }

  @TaskHandler(Warned)
  warned(payload: Payload<typeof Warned>, ctx: TaskContext) {
    return script.ping(payload, ctx);
  }

  @TaskHandler(Limited)
  limited(payload: Payload<typeof Limited>, ctx: TaskContext) {
    return script.ping(payload, ctx);
  }

  @TaskHandler(Rare)
  rare(payload: Payload<typeof Rare>, ctx: TaskContext) {
    return script.ping(payload, ctx);
  }

  @TaskHandler(ByKey)
  byKey(payload: Payload<typeof ByKey>, ctx: DatabaseContext) {
    return script.record(payload, ctx);
  }

  @TaskHandler(Brief)
  brief(payload: Payload<typeof Brief>, ctx: DatabaseContext) {
    return script.record(payload, ctx);
  }

  @TaskHandler(BriefCall)
  briefCall(payload: Payload<typeof BriefCall>, ctx: ExternalContext) {
    return script.call(payload, ctx);
  }

  @TaskHandler(BriefPing)
  briefPing(payload: Payload<typeof BriefPing>, ctx: TaskContext) {
    return script.ping(payload, ctx);
  }

  @EventHandler(Recorded)
  recorded(payload: Payload<typeof Recorded>, ctx: DatabaseContext) {
    return script.recorded(payload, ctx);
  }
}
