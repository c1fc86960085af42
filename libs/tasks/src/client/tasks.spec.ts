import { PublishError, type MessagePublisher } from '@mentorhub/messaging';
import { defineCatalogue, defineRouting, defineTask } from '@mentorhub/task-contracts';
import { OverloadError, type NewTask, type TaskStore } from '@mentorhub/task-store';
import { z } from 'zod';
import { PayloadCipher } from '../payload/payload-cipher.js';
import { Tasks } from './tasks.js';

const Ping = defineTask({ name: 'light.ping', version: 1, effects: 'idempotent', payload: z.strictObject({}) });
const catalogue = defineCatalogue({
  tasks: [Ping],
  events: [],
  routes: defineRouting([{ pattern: '*', queue: 'work' }]),
});

function tasksWith(publisher: MessagePublisher, store: Partial<TaskStore>): Tasks {
  const cipher = new PayloadCipher({ current: 'a', keys: new Map([['a', Buffer.alloc(32, 1)]]) } as never);
  const exchanges = { tasks: 'tasks', events: 'events', control: 'control' };
  return new Tasks({ catalogue, store: store as TaskStore, publisher, cipher, exchanges, producer: 'test' });
}

describe('A light task', () => {
  const unconfirmed = () => Promise.reject(new PublishError('timeout', 'It may have it or not.', true));

  it('is new also when its publish, which looked failed, arrived and made its row before it could be stored', async () => {
    const store = { enqueue: () => Promise.resolve([]), stateOf: () => Promise.resolve('succeeded' as const) };
    const tasks = tasksWith({ ready: true, hasRoom: true, crowded: false, publish: unconfirmed }, store);
    expect(await tasks.enqueue(Ping, {})).toMatchObject({ created: true, state: 'succeeded' });
    const id = '01a22296-e113-7f04-843c-fa5d127219fe';
    expect(await tasks.enqueue(Ping, {}, { id })).toMatchObject({ id, created: false });
  });

  it('becomes a row while the publisher has no room, which says whether others may use its id', async () => {
    const stored: NewTask[] = [];
    const store = {
      enqueue: (rows: readonly NewTask[]) => {
        stored.push(...rows);
        return Promise.resolve(rows.map(({ id }) => ({ id, state: 'queued' as const, dueAt: new Date() })));
      },
    };
    const tasks = tasksWith({ ready: true, hasRoom: false, crowded: false, publish: unconfirmed }, store);
    await tasks.enqueue(Ping, {});
    await tasks.enqueue(Ping, {}, { id: '01a22296-e113-7f04-843c-fa5d127219fe' });
    expect(stored.map(({ chosenId }) => chosenId)).toEqual([undefined, true]);
  });

  it('is not said to be refused when a publish of it was not answered and there was no place for its row', async () => {
    const store = { enqueue: () => Promise.reject(new OverloadError('10 tasks wait.')) };
    const publisher = { ready: true, hasRoom: true, crowded: false, publish: unconfirmed };
    const refused = await tasksWith(publisher, store)
      .enqueue(Ping, {})
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'OverloadError', unclear: true });
    expect((refused as Error).message).toContain('may run');
    const away = () => Promise.reject(new PublishError('disconnected', 'There is no connection.'));
    await expect(tasksWith({ ...publisher, publish: away }, store).enqueue(Ping, {})).rejects.toThrow(
      'Nothing was accepted',
    );
  });

  it('is taken for one when only newer services know it, so that its revocation is told to all workers', async () => {
    const asked: unknown[] = [];
    const store = {
      history: { find: () => Promise.resolve({ name: 'light.of-tomorrow' }) },
      revoke: (_id: string, _terminate: boolean, light: boolean) => {
        asked.push(light);
        return Promise.resolve({ answer: 'unknown' });
      },
    } as unknown as Partial<TaskStore>;
    const publisher = { ready: true, hasRoom: true, crowded: false, publish: unconfirmed };
    await tasksWith(publisher, store).revoke('01a22296-e113-7f04-843c-fa5d127219fe');
    expect(asked).toEqual([true]);
  });
});
