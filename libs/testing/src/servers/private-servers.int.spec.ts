import { existsSync } from 'node:fs';
import { eventually } from '../eventually.js';
import { PrivateBroker } from './private-broker.js';
import { PrivateDatabaseServer } from './private-database.js';

describe('a broker of a test’s own', () => {
  let broker: PrivateBroker;

  beforeAll(async () => {
    broker = await PrivateBroker.create();
  });
  afterAll(() => broker?.remove());

  it('keeps its messages over a crash, and answers in between that nobody is there', async () => {
    const { management } = await broker.createVhost();
    await management.declareQueue('kept', { 'x-queue-type': 'quorum' });
    await management.publish('', 'kept', 'one');
    await broker.writeQueueDirectory();
    await broker.kill();
    expect(await broker.acceptsConnections()).toBe(false);
    await broker.start();
    expect(await broker.acceptsConnections()).toBe(true);
    expect(await eventually(() => management.getMessages('kept'))).toMatchObject([{ text: 'one' }]);
  });

  it('has a memory alarm to set and to clear, and a log to read', async () => {
    await broker.setMemoryAlarm(true);
    await eventually(() => broker.logged('memory resource limit alarm set').length > 0);
    await broker.setMemoryAlarm(false);
    await eventually(() => broker.logged('memory resource limit alarm cleared').length > 0);
  });

  it('leaves nothing behind', async () => {
    await broker.remove();
    expect(existsSync(broker.directory)).toBe(false);
    expect(await broker.acceptsConnections()).toBe(false);
    await broker.remove();
  });
});

describe('a database server of a test’s own', () => {
  it('keeps what was committed over a crash and over a stop, and leaves nothing behind', async () => {
    const server = await PrivateDatabaseServer.create();
    try {
      const database = await server.createDatabase();
      await database.query('CREATE TABLE kept AS SELECT 1 AS n');
      await server.kill();
      expect(await server.acceptsConnections()).toBe(false);
      await server.start();
      await server.stop();
      await server.start();
      expect(await eventually(() => database.query('SELECT n FROM kept'))).toEqual([{ n: 1 }]);
      await database.remove();
    } finally {
      await server.remove();
    }
    expect(existsSync(server.directory)).toBe(false);
  });
});

describe('a pair of database servers', () => {
  it('changes places, and loses nothing that was committed', async () => {
    const primary = await PrivateDatabaseServer.create();
    let standby: PrivateDatabaseServer | undefined;
    try {
      standby = await primary.createStandby();
      await primary.run('CREATE TABLE kept AS SELECT 1 AS n');
      await expect(standby.run('CREATE TABLE refused ()')).rejects.toMatchObject({ code: '25006' });
      await primary.kill();
      await standby.promote();
      await standby.run('INSERT INTO kept VALUES (2)');
      await primary.becomeStandbyOf(standby);
      await primary.run('SELECT * FROM kept');
      await expect(primary.run('INSERT INTO kept VALUES (3)')).rejects.toMatchObject({ code: '25006' });
    } finally {
      await Promise.all([primary.remove(), standby?.remove()]);
    }
  });
});
