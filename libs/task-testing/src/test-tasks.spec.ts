import { InvalidPayloadError } from '@mentorhub/tasks/payload';
import { AmbiguousError, PermanentError, RetryLater } from '@mentorhub/task-contracts';
import { Book, Call, catalogue, Ping, Record, Recorded } from '@mentorhub/task-worker/fixtures';
import { calls, resetScript, script, ScriptedController } from '@mentorhub/task-worker/fixtures';
import { TestTasks } from './test-tasks.js';
import type { TestTasksOptions } from './test-tasks-options.js';

const startAt = new Date('2030-01-01T00:00:00Z');
const after = (seconds: number) => new Date(startAt.getTime() + seconds * 1000);
const start = (options: Partial<TestTasksOptions> = {}) =>
  new TestTasks({ catalogue, startAt, controllers: [new ScriptedController()], ...options });
const states = ({ tasks }: TestTasks) => tasks.map(({ name, state }) => `${name} ${state}`);

describe('Tasks in memory', () => {
  beforeEach(resetScript);

  it('wait until they are run', async () => {
    const tasks = start();
    const task = await tasks.enqueue(Ping, { note: 'a' });
    expect(task).toMatchObject({ state: 'queued', created: true });
    expect(calls).toEqual([]);
    await tasks.run();
    expect(calls).toEqual(['a']);
    expect(tasks.tasks).toMatchObject([{ id: task.id, state: 'succeeded', result: null, queue: 'work' }]);
  });

  it('are handled by functions as well, with checked payloads and results', async () => {
    const tasks = new TestTasks({ catalogue }).handle(Record, ({ note, times }) => ({ written: note.length * times }));
    const task = await tasks.enqueue(Record, { note: 'abc' });
    expect(await task.result()).toEqual({ written: 3 });
    await expect(tasks.enqueue(Record, { note: 7 } as never)).rejects.toThrow(InvalidPayloadError);
    await expect(
      tasks.enqueueMany([
        { contract: Ping, payload: { note: 'b' } },
        { contract: Ping, payload: {} as never },
      ]),
    ).rejects.toThrow(InvalidPayloadError);
    expect(tasks.tasks).toHaveLength(1);
  });

  it('fail for a result that does not fit', async () => {
    const tasks = new TestTasks({ catalogue }).handle(Record, () => ({ written: 'much' }) as never);
    const task = await tasks.enqueue(Record, { note: 'a' });
    await expect(task.result()).rejects.toThrow('result does not fit its contract');
  });

  it('without a handler here stay queued, as those of another service do', async () => {
    const tasks = new TestTasks({ catalogue });
    const task = await tasks.enqueue(Ping, { note: 'a' });
    expect(await tasks.run()).toEqual([]);
    expect(states(tasks)).toEqual(['light.ping queued']);
    await expect(task.result({ timeoutSeconds: 5 })).rejects.toMatchObject({ name: 'ResultTimeoutError' });
  });

  it('are run at their time, in its order', async () => {
    const tasks = start();
    await tasks.enqueue(Ping, { note: 'last' }, { eta: after(90) });
    await tasks.enqueue(Ping, { note: 'first' }, { countdownSeconds: 30 });
    await tasks.advance(29);
    expect(states(tasks)).toEqual(['light.ping scheduled', 'light.ping scheduled']);
    await tasks.advance(1);
    expect(calls).toEqual(['first']);
    await tasks.advance(3_600);
    expect(calls).toEqual(['first', 'last']);
    expect(tasks.tasks[0]?.attempts).toEqual([{ attempt: 1, at: after(90) }]);
    expect(tasks.now).toEqual(after(3_630));
  });

  it('see the real time go on when no start was given', async () => {
    const tasks = new TestTasks({ catalogue, controllers: [new ScriptedController()] });
    await tasks.enqueue(Ping, { note: 'a' }, { eta: new Date(Date.now() + 60_000) });
    await tasks.advance(60);
    expect(calls).toEqual(['a']);
  });

  it('are tried again by the policy of the contract or the call', async () => {
    script.ping = () => Promise.reject(new RangeError('no'));
    const tasks = start();
    await tasks.enqueue(Ping, { note: 'a' }, { retry: { maxRetries: 2, delaySeconds: 10, factor: 3 } });
    await tasks.run();
    expect(tasks.tasks).toMatchObject([{ state: 'retrying', dueAt: after(10), error: { name: 'RangeError' } }]);
    await tasks.advance(40);
    expect(tasks.tasks[0]).toMatchObject({ state: 'failed', error: { name: 'RangeError', message: 'no' } });
    expect(tasks.tasks[0]?.attempts.map(({ attempt, at }) => [attempt, at])).toEqual([
      [1, after(0)],
      [2, after(10)],
      [3, after(40)],
    ]);
  });

  it('fail at once by a PermanentError, and are not counted by RetryLater', async () => {
    const errors = [new RetryLater(5), new RetryLater(5), new PermanentError('gone', { cause: new TypeError('550') })];
    const seen: number[] = [];
    script.ping = (_, { attempt }) => {
      seen.push(attempt);
      return Promise.reject(errors.shift());
    };
    const tasks = start();
    await tasks.enqueue(Ping, { note: 'a' }, { retry: { maxRetries: 1 } });
    await tasks.advance(10);
    expect(seen).toEqual([1, 1, 1]);
    expect(tasks.tasks).toMatchObject([{ state: 'failed', error: { name: 'TypeError' } }]);
  });

  it('that are ambiguous end as their contract says', async () => {
    script.book = () => Promise.reject(new AmbiguousError('no answer'));
    const tasks = start();
    await tasks.enqueue(Book, { note: 'a' }, { retry: { maxRetries: 3 } });
    await tasks.run();
    expect(states(tasks)).toEqual(['outside.book failed']);
  });

  it('expire when their time is over before they are run', async () => {
    const tasks = start();
    const task = await tasks.enqueue(Ping, { note: 'a' }, { countdownSeconds: 60, expires: after(30) });
    await expect(task.result({ timeoutSeconds: 90 })).rejects.toMatchObject({ name: 'TaskExpiredError' });
    expect(calls).toEqual([]);
  });

  it('are not run when they are revoked before', async () => {
    const tasks = start();
    const task = await tasks.enqueue(Ping, { note: 'a' });
    expect(await tasks.revoke(task.id)).toEqual({ answer: 'revoked', run: 1 });
    expect(await tasks.revoke(task.id)).toEqual({ answer: 'ended', run: 1, state: 'revoked' });
    await expect(task.result()).rejects.toMatchObject({ name: 'TaskRevokedError' });
    expect(calls).toEqual([]);
  });

  it('are cut short when they are terminated while they run, and not tried again when revoked', async () => {
    const tasks: TestTasks = start();
    script.ping = async ({ note }, { id }) => {
      await tasks.revoke(id, { terminate: note === 'terminate' });
      if (note === 'revoke') throw new Error('no');
    };
    const options = { retry: { maxRetries: 5 } };
    await tasks.enqueue(Ping, { note: 'terminate' }, options);
    await tasks.enqueue(Ping, { note: 'revoke' }, options);
    await tasks.run();
    expect(tasks.tasks.map(({ state, attempts }) => [state, attempts.length])).toEqual([
      ['revoked', 1],
      ['revoked', 1],
    ]);
  });

  it('can be moved before they are due', async () => {
    const tasks = start();
    const { id } = await tasks.enqueue(Ping, { note: 'a' }, { countdownSeconds: 60 });
    expect(await tasks.reschedule(id, after(5))).toMatchObject({ answer: 'moved', dueAt: after(5) });
    await tasks.advance(5);
    expect(calls).toEqual(['a']);
    expect(await tasks.reschedule(id, after(9))).toMatchObject({ answer: 'ended' });
  });

  it('are made once under an id of the caller', async () => {
    const tasks = start();
    const { id } = await tasks.enqueue(Ping, { note: 'a' });
    expect(await tasks.enqueue(Ping, { note: 'b' }, { id: id.toUpperCase() })).toMatchObject({ id, created: false });
    expect(tasks.tasks).toHaveLength(1);
    const other = { id: '01a22296-e113-7f04-843c-fa5d127219fe' };
    const twice = ['c', 'd'].map((note) => ({ contract: Ping, payload: { note }, options: other }));
    expect(await tasks.enqueueMany(twice)).toMatchObject([other]);
    await tasks.run();
    expect(calls).toEqual(['a', 'c']);
  });

  it('make the outside call by ctx.once, and enqueue others as their children', async () => {
    const tasks = start();
    script.call = (payload, ctx) =>
      ctx.once(async () => {
        calls.push(payload.note);
        await ctx.enqueue(Ping, { note: 'child' });
      });
    const { id } = await tasks.enqueue(Call, { note: 'parent' });
    await tasks.run();
    expect(calls).toEqual(['parent', 'child']);
    expect(tasks.tasks[1]).toMatchObject({ parentId: id, state: 'succeeded' });
  });

  it('are sent to another queue of the table when told so, and to none outside it', async () => {
    const tasks = start();
    await tasks.enqueue(Ping, { note: 'a' }, { queue: 'outside' });
    expect(tasks.tasks[0]?.queue).toBe('outside');
    await expect(tasks.enqueue(Ping, { note: 'a' }, { queue: 'nowhere' })).rejects.toThrow('no queue "nowhere"');
  });

  it('that run on and on are stopped', async () => {
    const tasks: TestTasks = start();
    script.ping = async () => void (await tasks.enqueue(Ping, { note: 'again' }));
    await tasks.enqueue(Ping, { note: 'a' });
    await expect(tasks.run()).rejects.toThrow('there is no end to it');
  });

  it('throw what made them fail for good, when told so', async () => {
    const tasks = start({ propagateErrors: true });
    script.ping = () => Promise.reject(new RangeError('no'));
    await tasks.enqueue(Ping, { note: 'a' });
    await expect(tasks.run()).rejects.toThrow(RangeError);
  });

  describe('with database effects', () => {
    const work = { manager: 'of a test' } as never;

    it('get the manager of the test', async () => {
      const seen: unknown[] = [];
      script.record = async (_, { tx }) => void seen.push(tx);
      const tasks = start({ tx: work });
      await tasks.enqueue(Record, { note: 'a' });
      await tasks.run();
      expect(seen).toEqual([work]);
    });

    it('say what to do when the test gave no database', async () => {
      const tasks = start();
      await tasks.enqueue(Record, { note: 'a' });
      await expect(tasks.run()).rejects.toThrow(
        'The handler of "ledger.record" used ctx.tx.query, and there is no database: make the TestTasks with `tx`',
      );
    });

    it('have enqueued and published nothing when they fail', async () => {
      const tasks: TestTasks = start();
      script.record = async (_, ctx) => {
        await ctx.enqueue(Ping, { note: 'child' });
        await tasks.enqueue(Ping, { note: 'other child' }, { tx: ctx.tx });
        await tasks.publish(Recorded, { note: 'event' }, { tx: ctx.tx });
        if (ctx.attempt === 1) throw new Error('no');
      };
      script.recorded = async ({ note }) => void calls.push(note);
      await tasks.enqueue(Record, { note: 'a' }, { retry: { maxRetries: 1, delaySeconds: 60 } });
      await tasks.run();
      expect(states(tasks)).toEqual(['ledger.record retrying']);
      await tasks.advance(60);
      expect(calls).toEqual(['child', 'other child', 'event']);
    });
  });

  describe('published as events', () => {
    it('reach their handler, and are no fault without one', async () => {
      const tx = {} as never;
      const heard = start();
      script.recorded = async ({ note }) => void calls.push(note);
      await heard.publish(Recorded, { note: 'news' }, { tx });
      await heard.run();
      expect(calls).toEqual(['news']);
      expect(heard.events).toMatchObject([{ name: 'ledger.recorded', state: 'succeeded' }]);
      const unheard = new TestTasks({ catalogue });
      await unheard.publish(Recorded, { note: 'news' }, { tx });
      await unheard.run();
      expect(unheard.events).toMatchObject([{ payload: { note: 'news' }, state: 'queued' }]);
    });
  });

  describe('run eagerly', () => {
    it('are over when enqueue resolves, whatever their eta, and look to the caller as always', async () => {
      const tasks = start({ mode: 'eager' });
      const task = await tasks.enqueue(Ping, { note: 'a' }, { countdownSeconds: 3_600 });
      expect(calls).toEqual(['a']);
      expect(task.state).toBe('scheduled');
      expect(await task.result()).toBeNull();
    });

    it('are tried again at once, and fail silently unless told otherwise', async () => {
      script.ping = () => Promise.reject(new RangeError('no'));
      const retry = { maxRetries: 2, delaySeconds: 3_600 };
      const silent = start({ mode: 'eager' });
      const task = await silent.enqueue(Ping, { note: 'a' }, { retry });
      expect(silent.tasks[0]?.attempts).toHaveLength(3);
      await expect(task.result()).rejects.toMatchObject({ name: 'TaskFailedError' });
      const loud = start({ mode: 'eager', propagateErrors: true });
      await expect(loud.enqueue(Ping, { note: 'a' }, { retry })).rejects.toThrow(RangeError);
    });

    it('run what they enqueue in their transaction once they have succeeded', async () => {
      const tasks = start({ mode: 'eager' });
      script.record = async (_, ctx) => {
        await ctx.enqueue(Ping, { note: 'child' });
        calls.push('parent');
      };
      await tasks.enqueue(Record, { note: 'a' });
      expect(calls).toEqual(['parent', 'child']);
    });

    it('are stopped when they enqueue themselves', async () => {
      const tasks: TestTasks = start({ mode: 'eager' });
      script.ping = async () => void (await tasks.enqueue(Ping, { note: 'again' }));
      await expect(tasks.enqueue(Ping, { note: 'a' })).rejects.toThrow('there is no end to it');
    });

    it('are stopped when they ask for RetryLater without an end', async () => {
      script.ping = () => Promise.reject(new RetryLater(1));
      await expect(start({ mode: 'eager' }).enqueue(Ping, { note: 'a' })).rejects.toThrow('there is no end to it');
    });
  });

  it('refuse handlers that could not work', () => {
    expect(() => start({ controllers: [{}] })).toThrow('Object has no method under @TaskHandler');
    expect(() => start().handle(Ping, () => undefined)).toThrow('"light.ping" has two handlers');
    expect(() => start().handle({ ...Ping, name: 'un.known' }, () => undefined)).toThrow('no "un.known"');
  });

  it('are forgotten when cleared', async () => {
    const tasks = start();
    await tasks.enqueue(Ping, { note: 'a' });
    tasks.clear();
    expect(tasks.tasks).toEqual([]);
  });
});
