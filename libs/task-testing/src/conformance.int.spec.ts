import type { EnqueuedTask } from '@mentorhub/tasks';
import { AmbiguousError, PermanentError, RetryLater } from '@mentorhub/task-contracts';
import type { Tasks } from '@mentorhub/tasks';
import { Book, Call, catalogue, Ping, Record } from '@mentorhub/task-worker/fixtures';
import { resetScript, script, ScriptedController } from '@mentorhub/task-worker/fixtures';
import { createServers, TaskApplication, type Servers } from '@mentorhub/task-worker/fixtures';
import { expectEnqueued } from './expect-enqueued.js';
import { TestTasks } from './test-tasks.js';

type Client = Pick<Tasks, keyof Tasks>;

/** What can be compared of an end, however the task was run. */
interface End {
  readonly state: string;
  /** How often the handler was called. */
  readonly calls: number;
  readonly result: unknown;
  readonly error: string | undefined;
}

interface Scenario {
  readonly title: string;
  /** What each attempt does, from the first; the last one goes on. */
  readonly attempts?: readonly (() => unknown)[];
  readonly enqueue: (tasks: Client) => Promise<EnqueuedTask>;
  readonly end: End;
}

const fails = (error: Error) => () => Promise.reject(error);
const succeeds = () => undefined;
const quickly = { maxRetries: 2, delaySeconds: 0.01 };
const ping = (options: Parameters<Client['enqueue']>[2]) => (tasks: Client) =>
  tasks.enqueue(Ping, { note: 'x' }, { tracked: true, ...options });

const scenarios: Scenario[] = [
  {
    title: 'succeeds with its result',
    enqueue: (tasks) => tasks.enqueue(Record, { note: 'x' }),
    end: { state: 'succeeded', calls: 1, result: { written: 1 }, error: undefined },
  },
  {
    title: 'succeeds after a failed attempt, and keeps no error',
    attempts: [fails(new Error('no')), succeeds],
    enqueue: ping({ retry: quickly }),
    end: { state: 'succeeded', calls: 2, result: null, error: undefined },
  },
  {
    title: 'fails when its retries are used up',
    attempts: [fails(new RangeError('too far'))],
    enqueue: ping({ retry: quickly }),
    end: { state: 'failed', calls: 3, result: null, error: 'RangeError: too far' },
  },
  {
    title: 'fails in a transaction when its retries are used up',
    attempts: [fails(new RangeError('too far'))],
    enqueue: (tasks) => tasks.enqueue(Record, { note: 'x' }, { retry: quickly }),
    end: { state: 'failed', calls: 3, result: null, error: 'RangeError: too far' },
  },
  {
    title: 'fails at once by a PermanentError, under the name of its cause',
    attempts: [fails(new PermanentError('gone', { cause: new TypeError('550') }))],
    enqueue: ping({ retry: quickly }),
    end: { state: 'failed', calls: 1, result: null, error: 'TypeError: gone' },
  },
  {
    title: 'is not counted when it asks for RetryLater',
    attempts: [fails(new RetryLater(0.01)), fails(new RetryLater(0.01)), succeeds],
    enqueue: ping({ retry: { maxRetries: 0 } }),
    end: { state: 'succeeded', calls: 3, result: null, error: undefined },
  },
  {
    title: 'ends when nobody knows whether it happened and the contract parks it',
    attempts: [fails(new AmbiguousError('no answer'))],
    enqueue: (tasks) => tasks.enqueue(Book, { note: 'x' }, { retry: quickly }),
    end: { state: 'failed', calls: 1, result: null, error: 'AmbiguousError: no answer' },
  },
  {
    title: 'is tried again when nobody knows whether it happened and the contract says so',
    attempts: [fails(new AmbiguousError('no answer')), succeeds],
    enqueue: (tasks) => tasks.enqueue(Call, { note: 'x' }, { retry: quickly }),
    end: { state: 'succeeded', calls: 2, result: null, error: undefined },
  },
  {
    title: 'expires unrun',
    enqueue: ping({ expires: new Date(Date.now() - 1_000) }),
    end: { state: 'expired', calls: 0, result: null, error: undefined },
  },
  {
    title: 'is revoked unrun',
    enqueue: async (tasks) => {
      const task = await tasks.enqueue(Ping, { note: 'x' }, { countdownSeconds: 600 });
      await tasks.revoke(task.id);
      return task;
    },
    end: { state: 'revoked', calls: 0, result: null, error: undefined },
  },
];

let calls = 0;

/** Whichever handler the scenario runs. */
function play({ attempts = [succeeds] }: Scenario): void {
  calls = 0;
  const act = async () => void (await attempts[Math.min(calls++, attempts.length - 1)]?.());
  Object.assign(script, { record: act, ping: act, book: act, call: act });
}

const text = (error: { name: string; message: string } | null | undefined) =>
  error ? `${error.name}: ${error.message}` : undefined;

describe('A task comes to the same end in memory as on real servers:', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    const queues = { work: { concurrency: 2 }, outside: { concurrency: 2 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  beforeEach(resetScript);

  afterAll(async () => {
    resetScript();
    await application?.stop();
    await servers?.remove();
  });

  async function inMemory({ enqueue }: Scenario): Promise<End> {
    const tasks = new TestTasks({ catalogue, controllers: [new ScriptedController()] });
    await enqueue(tasks);
    await tasks.advance(60);
    const [task] = tasks.tasks;
    const { state = 'unknown', result = null, error } = task ?? {};
    return { state, calls, result, error: text(error) };
  }

  async function onRealServers({ enqueue }: Scenario): Promise<End> {
    const { id } = await enqueue(application.tasks);
    const { state, result, error } = await application.ended(id);
    return { state, calls, result, error: text(error) };
  }

  it.each(scenarios)('it $title', async (scenario) => {
    play(scenario);
    expect(await inMemory(scenario)).toEqual(scenario.end);
    play(scenario);
    expect(await onRealServers(scenario)).toEqual(scenario.end);
  });

  it('what was enqueued can be expected of the database as well', async () => {
    const { id } = await application.tasks.enqueue(Call, { note: 'stored', secret: 's' }, { countdownSeconds: 600 });
    const eta = new Date(Date.now() + 600_000);
    expect(await expectEnqueued(application.dataSource, Call, { note: 'stored' }, { eta, times: 1 })).toMatchObject([
      { id, state: 'scheduled', queue: 'outside' },
    ]);
    await expectEnqueued(servers.database, Call, { note: 'other' }, { times: 0 });
    await expect(expectEnqueued(application.dataSource, Call, { note: 'missing' })).rejects.toThrow(
      `note: 'stored' instead of 'missing'`,
    );
    await expect(expectEnqueued(application.dataSource, Call, { secret: 's' })).rejects.toThrow(
      'secret of "outside.call" is encrypted in the database',
    );
  });
});
