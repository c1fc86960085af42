import type { TestDatabase } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { connect, createTaskDatabase } from '../../test/store-process.js';
import type { DeadLetter } from './dead-letters.js';
import { idOfBytes, keepDeadLetter } from './keep-dead-letter.js';

describe('Keeping a dead letter', () => {
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

  const kept = async (id: string) =>
    (await database.query<Record<string, unknown>>('SELECT * FROM tasks.dead_letter WHERE id = $1', [id]))[0];
  const letter = (more: Partial<DeadLetter> = {}): DeadLetter => ({
    id: randomUUID(),
    queue: 'work',
    reason: 'undecodable',
    error: { name: 'Error', message: 'no' },
    headers: { tenant: 'a' },
    body: Buffer.from([0, 255]),
    parkedAt: new Date('2026-11-22T10:00:00Z'),
    ...more,
  });

  it('keeps all of it, once', async () => {
    const whole = letter();
    await keepDeadLetter(dataSource.manager, whole);
    await keepDeadLetter(dataSource.manager, { ...whole, reason: 'failed' });
    expect(await kept(whole.id)).toMatchObject({ reason: 'undecodable', headers: { tenant: 'a' }, body: whole.body });
  });

  it.each<[string, Partial<DeadLetter>]>([
    ['a time that is none', { parkedAt: new Date(NaN) }],
    ['a number beyond its column', { run: 2 ** 40 }],
    ['headers that cannot be written down', { headers: nested(100_000) }],
  ])('keeps its body when PostgreSQL refuses %s', async (_, odd) => {
    const refused = letter(odd);
    await keepDeadLetter(dataSource.manager, refused);
    expect(await kept(refused.id)).toMatchObject({
      ...{ reason: 'unstorable', queue: 'unknown', headers: {}, body: refused.body },
      error: { message: expect.stringMatching(/^PostgreSQL refused it as it was \(.+\); only its body was kept\.$/) },
    });
  });

  it('keeps the hash of its body when PostgreSQL does not take even that', async () => {
    // Stands for a body above PostgreSQL's limit, which is 1 GB.
    const check = `octet_length(body) < 1000 OR reason <> 'unstorable'`;
    await database.query(`ALTER TABLE tasks.dead_letter ADD CONSTRAINT small CHECK (${check})`);
    const large = letter({ run: 2 ** 40, body: Buffer.alloc(1000, 'a') });
    await keepDeadLetter(dataSource.manager, large);
    await database.query(`ALTER TABLE tasks.dead_letter DROP CONSTRAINT small`);
    expect(await kept(large.id)).toMatchObject({
      body: Buffer.alloc(0),
      error: { message: expect.stringMatching(/: 1000 bytes, SHA-256 41edece4[0-9a-f]{56}\.$/) },
    });
  });

  it('does not hide that PostgreSQL is away', async () => {
    const gone = await connect(database.url);
    await gone.destroy();
    await expect(keepDeadLetter(gone.manager, letter())).rejects.toThrow();
  });

  it('is told from others by its bytes and its names', () => {
    const ids = [
      idOfBytes(Buffer.from('a'), 'work'),
      idOfBytes(Buffer.from('b'), 'work'),
      idOfBytes(Buffer.from('a'), 'other'),
      idOfBytes(Buffer.from('a'), 'work', ''),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(idOfBytes(Buffer.from('a'), 'work')).toBe(ids[0]);
  });
});

function nested(depth: number): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let level = 0; level < depth; level += 1) value = { value };
  return value;
}
