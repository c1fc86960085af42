import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver } from '../../test/messages.js';
import { calls, outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract } from '@mentorhub/task-contracts';
import type { TaskContext } from '../job/context.js';

/** Longer than a busy machine needs; what is not over then hangs. */
const patiently = { timeoutSeconds: 200 };

/** Of a UUID's form, which is all that PostgreSQL asks for, and of no version that RFC 9562 knows. */
const ofNoVersion = (): string => randomUUID().replace(/^(.{14})4(.{4})./, '$1f$20');

const forms: [string, () => string][] = [
  ['in upper case', () => randomUUID().toUpperCase()],
  ['of no version', () => ofNoVersion()],
];

describe("A caller's own id of a task", () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    const queues = { work: { concurrency: 4 }, outside: { concurrency: 4 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  it.each(forms)('%s names the task that is made under it once, and whose secrets can be read', async (_, make) => {
    const id = make();
    const task = await application.tasks.enqueue(Call, { note: 'mine', secret: 'hush' }, { id });
    expect(task).toEqual({ id: id.toLowerCase(), state: 'queued', created: true });
    await task.result(patiently);
    expect(calls).toEqual(['mine']);
    const again = await application.tasks.enqueue(Call, { note: 'again', secret: 'hush' }, { id: id.toLowerCase() });
    expect(again.created).toBe(false);
    await application.tasks.resultOf(Call, id);
  });

  it.each(forms)('%s is among those that were made of many', async (_, make) => {
    const ids = [make(), make()];
    const requests = ids.map((id) => ({ contract: Ping, payload: { note: 'many' }, options: { id } }));
    const made = await application.tasks.enqueueMany(requests);
    expect(made.map(({ id }) => id)).toEqual(ids.map((id) => id.toLowerCase()));
    await Promise.all(made.map((task) => task.result(patiently)));
  });

  it.each(forms)('%s moves and revokes it while it waits', async (_, make) => {
    const id = make();
    await application.tasks.enqueue(Record, { note: 'later' }, { id, countdownSeconds: 3600 });
    expect(await application.tasks.reschedule(id, new Date('2100-01-01'))).toMatchObject({ answer: 'moved' });
    expect(await application.tasks.revoke(id)).toMatchObject({ answer: 'revoked' });
  });

  it.each(
    forms.flatMap(([form, make]) =>
      [Record, Call, Ping].map((contract): [string, string, () => string, AnyTaskContract] => [
        form,
        contract.effects,
        make,
        contract,
      ]),
    ),
  )('%s ends what runs with %s effects, when it came from another producer', async (_, __, make, contract) => {
    const gate = new Gate();
    const wait = async ({ signal }: TaskContext) => {
      await Promise.race([gate.pass(), new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      signal.throwIfAborted();
    };
    script.record = (_, ctx) => wait(ctx);
    script.ping = (_, ctx) => wait(ctx);
    script.call = ({ note }, ctx) => wait(ctx).then(() => ctx.once(async () => outside(note)));
    const id = await deliver(application, contract, { note: 'running' }, { id: make() });
    await eventually(() => gate.entered === 1);
    await eventually(() => application.store.history.find(id), { what: 'the history to know it' });
    expect(await application.tasks.revoke(id, { terminate: true })).toMatchObject({ answer: 'revoking' });
    expect(await application.ended(id)).toMatchObject({ id: id.toLowerCase(), state: 'revoked' });
    expect(calls).toEqual([]);
  });

  it.each([['42'], [''], [`{${randomUUID()}}`], [randomUUID().replaceAll('-', '')]])(
    'such as "%s" is refused before anything is stored',
    async (id) => {
      const { tasks } = application;
      const count = () => servers.database.query('SELECT count(*) FROM tasks.task');
      const before = await count();
      const refusal = `"${id}" is no id of a task: that is a UUID.`;
      const request = { contract: Record, payload: { note: 'odd' }, options: { id } };
      await expect(tasks.enqueue(Record, { note: 'odd' }, { id })).rejects.toThrow(refusal);
      await expect(tasks.enqueueMany([{ ...request, options: {} }, request])).rejects.toThrow(refusal);
      await expect(tasks.revoke(id)).rejects.toThrow(refusal);
      await expect(tasks.reschedule(id, new Date())).rejects.toThrow(refusal);
      await expect(tasks.resultOf(Record, id)).rejects.toThrow(refusal);
      expect(await count()).toEqual(before);
    },
  );
});
