import type { TestDatabase } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { connect, createTaskDatabase } from '../../test/store-process.js';
import { takeInDeadLetters, type DeadLetter } from './dead-letters.js';

describe('Taking in dead letters', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTaskDatabase();
    dataSource = await connect(database.url);
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await database?.remove();
  });

  const takeIn = (...letters: DeadLetter[]) => dataSource.transaction((tx) => takeInDeadLetters(tx, letters));
  const stored = async (id: string) => (await database.query('SELECT * FROM tasks.dead_letter WHERE id = $1', [id]))[0];
  const letter = (more: Partial<DeadLetter> = {}): DeadLetter => ({
    id: randomUUID(),
    queue: 'work',
    reason: 'failed',
    error: { name: 'Error', message: 'no' },
    headers: {},
    body: Buffer.from('{}'),
    parkedAt: new Date('2026-11-22T10:00:00Z'),
    ...more,
  });

  it('keeps all that a replay needs', async () => {
    const task = { taskId: randomUUID(), run: 2, attempt: 3, name: 'example.do', version: 4, worker: 'w-1' };
    const full = letter({
      ...task,
      headers: { traceparent: '00', deep: { er: [1] } },
      body: Buffer.from([0, 255, 10]),
    });
    await takeIn(full, letter());
    expect(await stored(full.id)).toMatchObject({
      ...{ task_id: task.taskId, run: 2, attempt: 3, name: 'example.do', version: 4, worker: 'w-1' },
      ...{
        queue: 'work',
        reason: 'failed',
        error: full.error,
        headers: full.headers,
        body: full.body,
        parked_at: full.parkedAt,
      },
    });
  });

  it('leaves a letter that is there already as it is', async () => {
    const first = letter({ reason: 'failed' });
    await takeIn(first, first);
    await takeIn({ ...first, reason: 'poison' });
    expect(await stored(first.id)).toMatchObject({ reason: 'failed' });
  });

  it('takes a letter whose texts PostgreSQL cannot store as they are: a stranger may have written them', async () => {
    const awkward = 'nul \0, lone \ud800';
    const error = { name: awkward, message: awkward };
    const odd = letter({
      name: awkward,
      worker: awkward,
      reason: awkward,
      queue: awkward,
      error,
      headers: { [awkward]: awkward },
    });
    await takeIn(odd);
    const readable = 'nul \uFFFD, lone \uFFFD';
    expect(await stored(odd.id)).toMatchObject({ name: readable, worker: readable, reason: readable, queue: readable });
    expect(await stored(odd.id)).toMatchObject({ error, headers: { [awkward]: awkward } });
  });

  it('takes none without a fault', async () => {
    await takeIn();
  });
});
