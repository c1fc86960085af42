import { expect as jestExpect } from '@jest/globals';
import { Call, catalogue, Ping, Record } from '@mentorhub/task-worker/fixtures';
import { expectEnqueued } from './expect-enqueued.js';
import { TestTasks } from './test-tasks.js';

const startAt = new Date('2030-01-01T00:00:00Z');

describe('Expecting a task', () => {
  let tasks: TestTasks;

  beforeEach(async () => {
    tasks = new TestTasks({ catalogue, startAt });
    await tasks.enqueue(Record, { note: 'ada', times: 2 });
    await tasks.enqueue(Record, { note: 'bob' }, { countdownSeconds: 60, queue: 'outside' });
    await tasks.enqueue(Ping, { note: 'x' });
  });

  const message = (assert: () => unknown): string => {
    try {
      assert();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('Nothing was thrown.');
  };

  it('finds those whose payload has the expected part, and returns them', () => {
    const [task] = expectEnqueued(tasks, Record, { note: 'ada' });
    expect(task).toMatchObject({ payload: { note: 'ada', times: 2 }, state: 'queued' });
    expect(expectEnqueued(tasks, Record)).toHaveLength(2);
    expectEnqueued(tasks, Record, { note: jestExpect.stringContaining('b') });
  });

  it('looks at queue, time and number', () => {
    expectEnqueued(
      tasks,
      Record,
      { note: 'bob' },
      { eta: new Date('2030-01-01T00:01:00Z'), queue: 'outside', times: 1 },
    );
    expectEnqueued(tasks, Record, { note: 'carl' }, { times: 0 });
  });

  it('says what differs, the nearest first', () => {
    const text = message(() => expectEnqueued(tasks, Record, { note: 'ada', times: 1 }, { queue: 'work' }));
    const [ada, bob] = tasks.tasks;
    expect(text.split('\n')).toEqual([
      `Expected ledger.record with { note: 'ada', times: 1 } in queue work to be enqueued, and it was not.`,
      'Enqueued of this task:',
      `- ${ada?.id} (queued, queue work, for 2030-01-01T00:00:00.000Z):`,
      '    times: 2 instead of 1',
      `- ${bob?.id} (scheduled, queue outside, for 2030-01-01T00:01:00.000Z):`,
      `    note: 'bob' instead of 'ada'`,
      `    (queue): 'outside' instead of 'work'`,
      'Besides: 1 × light.ping.',
    ]);
  });

  it('says how often it was, when that is not as expected', () => {
    expect(message(() => expectEnqueued(tasks, Record, {}, { times: 1 }))).toContain(
      'Expected ledger.record to be enqueued once, and it was twice.',
    );
    expect(message(() => expectEnqueued(tasks, Ping, {}, { times: 0 }))).toContain(
      'Expected light.ping not to be enqueued, and it was once.',
    );
  });

  it('says when nothing like it is there', () => {
    expect(message(() => expectEnqueued(tasks, Call))).toBe(
      'Expected outside.call to be enqueued, and it was not.\nBesides: 2 × ledger.record, 1 × light.ping.',
    );
    expect(message(() => expectEnqueued(new TestTasks({ catalogue }), Call))).toContain('Nothing else was enqueued.');
  });
});
