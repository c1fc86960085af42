import { eventually } from '@mentorhub/testing';
import { EnqueueLine, OverloadError, type LineLimits } from './enqueue-line.js';
import type { InsertedTask, NewTask } from './insert-tasks.js';

const task = (id: string, bytes = 10): NewTask => ({
  id,
  name: 'example.do',
  version: 1,
  queue: 'work',
  payload: Buffer.alloc(bytes),
  headers: {},
});
const tasks = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => task(`${prefix}${n}`));
const row = (id: string): InsertedTask => ({ id, state: 'queued', dueAt: new Date(0) });

interface Statement {
  readonly ids: string[];
  answer(): void;
  fail(error: unknown): void;
}

/** A line whose statements are answered by hand; an id that was there before is not inserted. */
function lineWith(limits: Partial<LineLimits> = {}, known: readonly string[] = []) {
  const statements: Statement[] = [];
  const line = new EnqueueLine((inserting) => {
    const ids = inserting.map(({ id }) => id);
    return new Promise((resolve, reject) => {
      const inserted = [...new Set(ids)].filter((id) => !known.includes(id)).map(row);
      statements.push({ ids, answer: () => resolve(inserted), fail: reject });
    });
  }, limits);
  return { line, statements };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const idsOf = async (call: Promise<InsertedTask[]>) => (await call).map(({ id }) => id);

describe('The line of what is enqueued outside of transactions', () => {
  it('writes at once what finds a free place, and the calls of one tick together', async () => {
    const { line, statements } = lineWith();
    const calls = [line.add([task('a')]), line.add([task('b'), task('c')])];
    await nextTurn();
    const later = line.add([task('d')]);
    await nextTurn();
    expect(statements.map(({ ids }) => ids)).toEqual([['a', 'b', 'c'], ['d']]);
    for (const statement of statements) statement.answer();
    expect(await Promise.all([...calls, later].map(idsOf))).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  it('has four statements at once; what comes meanwhile is written a hundred at a time, in its order', async () => {
    const { line, statements } = lineWith();
    const calls = [];
    for (const n of [1, 2, 3, 4]) {
      calls.push(line.add([task(`first${n}`)]));
      await nextTurn();
    }
    calls.push(...tasks(150, 'more').map((one) => line.add([one])));
    await nextTurn();
    expect(statements).toHaveLength(4);
    statements[0]!.answer();
    await eventually(() => statements.length === 5);
    statements[1]!.answer();
    await eventually(() => statements.length === 6);
    expect(statements.slice(4).map(({ ids }) => [ids.length, ids[0]])).toEqual([
      [100, 'more0'],
      [50, 'more100'],
    ]);
    for (const statement of statements) statement.answer();
    expect((await Promise.all(calls)).flat()).toHaveLength(154);
  });

  it('keeps the tasks of one call in one statement', async () => {
    const { line, statements } = lineWith();
    const calls = [
      line.add([task('small')]),
      line.add(tasks(300, 'large')),
      line.add(tasks(60, 'a')),
      line.add(tasks(60, 'b')),
    ];
    await nextTurn();
    expect(statements.map(({ ids }) => ids.length)).toEqual([1, 300, 60, 60]);
    for (const statement of statements) statement.answer();
    await Promise.all(calls);
  });

  it('gives a call whose ids others may have a statement of its own, four at once, and no place of the others', async () => {
    const { line, statements } = lineWith();
    const calls = Array.from({ length: 20 }, (_, n) => line.add([{ ...task(`chosen${n}`), chosenId: true }]));
    calls.push(line.add([task('a')]), line.add([task('b')]));
    await nextTurn();
    expect(statements.map(({ ids }) => ids.length)).toEqual([1, 1, 1, 1, 2]);
    for (let answered = 0; answered < 21; answered += 1) {
      statements[answered]!.answer();
      await nextTurn();
    }
    expect((await Promise.all(calls)).flat()).toHaveLength(22);
  });

  it('lets calls with the same chosen id wait for each other, and others go by', async () => {
    const { line, statements } = lineWith();
    const add = (id: string) => line.add([{ ...task(id), chosenId: true }]);
    const calls = ['x', 'x', 'x', 'x', 'x', 'y'].map(add);
    await nextTurn();
    calls.push(add('z'));
    await nextTurn();
    expect(statements.map(({ ids }) => ids)).toEqual([['x'], ['y'], ['z']]);
    for (let answered = 0; answered < 7; answered += 1) {
      statements[answered]!.answer();
      await nextTurn();
    }
    await Promise.all(calls);
    expect(statements).toHaveLength(7);
  });

  it('sends at most a mebibyte in a statement of several calls', async () => {
    const { line, statements } = lineWith();
    const calls = [600, 600, 300, 2_000].map((kibibytes, n) =>
      line.add([task(`${n}: ${kibibytes}`, kibibytes * 1024)]),
    );
    await nextTurn();
    expect(statements.map(({ ids }) => ids.length)).toEqual([1, 2, 1]);
    for (const statement of statements) statement.answer();
    await Promise.all(calls);
  });

  it('says of an id that two calls have, or that was there, whose task was taken', async () => {
    const { line, statements } = lineWith({}, ['old']);
    const calls = [line.add([task('same')]), line.add([task('same'), task('own')]), line.add([task('old')])];
    await nextTurn();
    statements[0]!.answer();
    expect(await Promise.all(calls.map(idsOf))).toEqual([['same'], ['own'], []]);
  });

  it('refuses the one call whose values PostgreSQL refuses, and no other', async () => {
    const refusal = Object.assign(new Error('invalid byte sequence'), { code: '22021' });
    const line = new EnqueueLine((inserting) =>
      inserting.some(({ id }) => id === 'bad')
        ? Promise.reject(refusal)
        : Promise.resolve(inserting.map(({ id }) => row(id))),
    );
    const ids = ['a', 'b', 'bad', 'c', 'd'];
    const settled = await Promise.allSettled(ids.map((id) => line.add([task(id)])));
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(settled[2]).toMatchObject({ reason: refusal });
  });

  it('tells everybody of a fault that is nobody’s, and writes nothing twice', async () => {
    const { line, statements } = lineWith();
    const calls = Promise.allSettled([line.add([task('a')]), line.add([task('b')])]);
    await nextTurn();
    statements[0]!.fail(Object.assign(new Error('terminated'), { code: '57P01' }));
    expect(await calls).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    expect(statements).toHaveLength(1);
  });

  it.each([
    ['tasks', { tasks: 3 }, [task('b'), task('c')], [task('d')]],
    ['bytes', { bytes: 100 }, [task('b', 80)], [task('d', 20)]],
  ])(
    'refuses what would be more %s than it takes, and takes again when there is room',
    async (_what, limits, second, third) => {
      const { line, statements } = lineWith(limits);
      const calls = [line.add([task('a')]), line.add(second)];
      await expect(line.add(third)).rejects.toThrow(OverloadError);
      await expect(line.add(third)).rejects.toThrow(/tasks of this process wait to be written .* Nothing was accepted/);
      await nextTurn();
      statements[0]!.answer();
      await Promise.all(calls);
      const again = line.add(third);
      await nextTurn();
      statements[1]!.answer();
      expect(await idsOf(again)).toEqual(['d']);
    },
  );

  it('takes a call that is larger than the line when nobody waits', async () => {
    const { line, statements } = lineWith({ tasks: 3 });
    const large = line.add(tasks(5, 'large'));
    await expect(line.add([task('small')])).rejects.toThrow(OverloadError);
    await nextTurn();
    statements[0]!.answer();
    expect(await large).toHaveLength(5);
  });

  it('says of a call that is larger than the line that it has to be split', async () => {
    const { line, statements } = lineWith({ tasks: 3, bytes: 100 });
    const first = line.add([task('a')]);
    await expect(line.add(tasks(4, 'many'))).rejects.toThrow(
      /^A call of 4 tasks and 40 bytes .* split it into calls of less than 3 tasks/,
    );
    await expect(line.add([task('large', 101)])).rejects.toThrow(/^A call of 1 tasks and 101 bytes .* and 100 bytes/);
    await nextTurn();
    statements[0]!.answer();
    await first;
  });

  it('refuses what waited for too long, and never what is being written', async () => {
    const { line, statements } = lineWith({ seconds: 0.05 });
    const writing = [];
    for (const n of [1, 2, 3, 4]) {
      writing.push(line.add([task(`first${n}`)]));
      await nextTurn();
    }
    await expect(line.add([task('late')])).rejects.toThrow('PostgreSQL was too busy to write it within 0.05 s.');
    for (const statement of statements) statement.answer();
    expect(await Promise.all(writing)).toHaveLength(4);
    expect(statements).toHaveLength(4);
  });
});
