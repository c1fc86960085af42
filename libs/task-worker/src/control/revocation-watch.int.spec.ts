import { createLogger } from '@mentorhub/service';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { RevocationWatch } from './revocation-watch.js';

describe('A worker that watches what is revoked', () => {
  let servers: Servers;
  /** Revokes; the watches share its broker and its database. */
  let application: TaskApplication;
  const watches: RevocationWatch[] = [];

  const watch = async (mostTombstones: number, ids: string[] = []) => {
    const terminated: string[] = [];
    const made = new RevocationWatch({
      broker: application.broker,
      store: application.store,
      exchange: 'control',
      worker: `watch-${watches.length}`,
      logger: createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false }),
      running: { ids, terminate: (taskId) => void terminated.push(taskId) },
      mostTombstones,
    });
    watches.push(made);
    await made.start();
    return { made, terminated, has: (taskId: string) => made.has({ taskId, run: 1, attempt: 1 }) };
  };
  const revoked = async () => {
    const id = randomUUID();
    await application.tasks.revoke(id);
    return id;
  };
  const expireAll = () =>
    servers.database.query(`UPDATE tasks.revocation SET expires_at = clock_timestamp() - interval '1 s'`);

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers);
  });

  afterEach(async () => {
    await Promise.all(watches.splice(0).map((made) => made.stop()));
    await servers.database.query('TRUNCATE tasks.revocation');
  });

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  it('knows those of before and those of after its start, and no others', async () => {
    const before = await revoked();
    const { has } = await watch(10);
    const after = await revoked();
    await eventually(() => has(after), { what: 'the broadcast' });
    expect(await has(before)).toBe(true);
    expect(await has(randomUUID())).toBe(false);
  });

  it('asks PostgreSQL about those that it does not keep', async () => {
    const ids = [await revoked(), await revoked(), await revoked()];
    const { has } = await watch(2);
    for (const id of ids) expect(await has(id)).toBe(true);
    const told = [await revoked(), await revoked()];
    for (const id of told) expect(await has(id)).toBe(true);
    expect(await has(randomUUID())).toBe(false);
    await expireAll();
    await application.store.revocations.prune(100);
    const known = await Promise.all([...ids, ...told].map(has));
    expect(known.filter(Boolean)).toHaveLength(2);
  });

  it('reads of those that it need not keep the ones that end what runs there', async () => {
    const [here, elsewhere] = [randomUUID(), randomUUID()];
    await servers.database.query(
      `INSERT INTO tasks.revocation (task_id, run, terminate, light, expires_at)
       SELECT id, 1, true, false, clock_timestamp() + interval '1 h' FROM unnest($1::uuid[]) AS id`,
      [[here, elsewhere]],
    );
    const { terminated, has } = await watch(10, [here]);
    expect(terminated).toEqual([here]);
    expect(await has(here)).toBe(false);
  });
});
