import { deadLetterMetrics } from '@mentorhub/metrics';
import { eventually } from '@mentorhub/testing';
import { RpcException } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import { Call, Ping, Record, Recorded } from '../../test/example-tasks.js';
import { deliver, left, takeParked } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
}

const fail = (thrown: unknown) => {
  const failing = () => Promise.reject(thrown);
  Object.assign(script, { record: failing, call: failing, ping: failing, recorded: failing });
};

describe('A handler that throws', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    const queues = { work: { concurrency: 2 }, outside: { concurrency: 2 }, listeners: { concurrency: 2 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  it.each([
    ['database', Record, 'work'],
    ['external', Call, 'outside'],
    ['idempotent', Ping, 'work'],
  ])(
    'B10: and has %s effects → the task is failed with its error and its message parked once',
    async (_, contract, queue) => {
      fail(new CardDeclined('The bank said no.'));
      const counter = () => counted(deadLetterMetrics.total, { task: contract.name, reason: 'failed' });
      const before = await counter();
      const id = await deliver(application, contract, { note: 'pay' }, { headers: { 'x-user': 'kept' } });
      expect(await application.failed(id)).toMatchObject({ name: 'CardDeclined', message: 'The bank said no.' });
      const [parked] = await takeParked(servers);
      expect(parked).toMatchObject({
        id,
        type: contract.name,
        body: '{"note":"pay"}',
        headers: { 'x-user': 'kept', 'x-mh-run': 1, 'x-mh-attempt': 1, 'x-mh-version': 1 },
        envelope: {
          reason: 'failed',
          queue,
          taskId: id,
          run: 1,
          attempt: 1,
          worker: 'test-worker',
          error: { name: 'CardDeclined' },
        },
      });
      expect(parked?.envelope.error.stack).toContain('failures.int.spec');
      expect(new Date(parked!.envelope.at).getTime()).toBeGreaterThan(Date.now() - 60_000);
      expect(await counter()).toBe(before + 1);
    },
  );

  it('is failed in its row too when it had one, and the row keeps it', async () => {
    fail(new Error('no'));
    for (const contract of [Record, Call]) {
      const { id } = await application.tasks.enqueue(contract, { note: 'row' });
      expect(await application.failed(id)).toMatchObject({ message: 'no' });
      expect(await application.ended(id)).toMatchObject({ worker: 'test-worker', result: null });
      await takeParked(servers);
    }
  });

  it.each([
    ['an RpcException', new RpcException('remote'), { message: 'remote' }],
    ['a string', 'just text', { name: 'Error', message: 'just text' }],
    ['an object', { code: 7 }, { name: 'Error', message: '{"code":7}' }],
    ['undefined', undefined, { name: 'Error', message: 'undefined' }],
    ['an error with NUL and a lone surrogate', new Error('\0 \ud800'), { name: 'Error', message: '\0 \ud800' }],
  ])('may throw %s, and it is recorded as it is', async (_, thrown, error) => {
    fail(thrown);
    const id = await deliver(application, Record, { note: 'odd' });
    expect(await application.failed(id)).toMatchObject(error);
    expect((await takeParked(servers))[0]?.envelope.error).toMatchObject(error);
  });

  it('may throw an error of any size: it is shortened to what a header carries', async () => {
    for (const unit of ['x', '\0', '漢']) {
      fail(new Error(unit.repeat(100_000)));
      const id = await deliver(application, Record, { note: 'huge' }, { headers: { 'x-user': '漢'.repeat(9_000) } });
      expect((await application.failed(id)).message.length).toBeGreaterThan(1_000);
      const [parked] = await takeParked(servers);
      expect(parked?.envelope.error.message.length).toBeGreaterThanOrEqual(1_000);
      expect(parked?.headers['x-user']).toHaveLength(9_000);
    }
  });

  it('parks a domain event like a task, with its id', async () => {
    fail(new Error('cannot hear'));
    const message = {
      exchange: 'events',
      routingKey: Recorded.name,
      type: Recorded.name,
      body: Buffer.from('{"note":"news"}'),
    };
    const messageId = randomUUID();
    const headers = { 'x-mh-version': '1', 'x-mh-retry': '{"maxRetries":0}' };
    await application.broker.publisher.publish({ ...message, messageId, headers });
    const [parked] = await takeParked(servers);
    expect(parked).toMatchObject({
      id: messageId,
      type: Recorded.name,
      envelope: { reason: 'failed', queue: 'listeners' },
    });
    await eventually(
      async () => (await counted(deadLetterMetrics.total, { task: Recorded.name, reason: 'failed' })) === 1,
    );
  });

  it('does not hold up the tasks behind it', async () => {
    fail(new Error('no'));
    const failing = await Promise.all(Array.from({ length: 20 }, () => deliver(application, Record, { note: 'no' })));
    await Promise.all(failing.map((id) => application.failed(id)));
    expect(await takeParked(servers, 20)).toHaveLength(20);
    resetScript();
    expect((await application.ended(await deliver(application, Record, { note: 'yes' }))).state).toBe('succeeded');
    await application.stop();
    expect(await left(servers, 'work', 'outside', 'listeners', 'dead-letters')).toEqual([]);
  });
});
