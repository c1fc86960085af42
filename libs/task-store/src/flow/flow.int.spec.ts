import type { TestDatabase } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { connect, createTaskDatabase } from '../../test/store-process.js';
import { Flow } from './flow.js';

describe('Slots of keys', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let flow: Flow;

  beforeAll(async () => {
    database = await createTaskDatabase();
    dataSource = await connect(database.url);
    flow = new Flow(dataSource);
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await database?.remove();
  });

  it('are forgotten, so many at once, a day after their holders died, and no others', async () => {
    const hour = 3600;
    for (const key of ['dead 1', 'dead 2', 'dead 3']) await flow.takeSlot(key, 1, randomUUID(), -25 * hour);
    await flow.takeSlot('died lately', 1, randomUUID(), -23 * hour);
    await flow.takeSlot('held', 1, randomUUID(), hour);
    const deleted: number[] = [];
    for (let n = 0; n < 3; n += 1) deleted.push(await flow.prune(2));
    expect(deleted).toEqual([2, 1, 0]);
    const left = await database.query('SELECT key FROM tasks.concurrency_slot ORDER BY key');
    expect(left).toEqual([{ key: 'died lately' }, { key: 'held' }]);
  });
});
