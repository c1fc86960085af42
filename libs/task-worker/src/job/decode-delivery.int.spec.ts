import { deadLetterMetrics } from '@mentorhub/metrics';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, Ping, Record } from '../../test/example-tasks.js';
import { deliver, left, takeParked } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { calls, outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

describe('A message that no handler can be given', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    const queues = { work: { concurrency: 2 }, outside: { concurrency: 2 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  beforeEach(() => {
    resetScript();
    script.record = async ({ note }) => outside(note);
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  /** Publishes what no producer of ours would. */
  const send = (body: string | Buffer, properties: object, queue = 'work') =>
    servers.vhost.management.publish('tasks', `${queue}.odd`, body, properties);
  const headers = { 'x-mh-version': 1, 'x-mh-run': 1, 'x-mh-attempt': 1 };
  const good = () => ({ message_id: randomUUID(), type: Record.name, headers });
  const text = '{"note":"hush-hush"}';

  it.each([
    ['a body that is no JSON', '{"note":"hush-hush"', {}, 'undecodable', 'no JSON in UTF-8'],
    ['a body that is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 'undecodable', 'no JSON in UTF-8'],
    ['an empty body', '', {}, 'undecodable', 'no JSON in UTF-8'],
    ['a body that is no object', '["hush-hush"]', {}, 'undecodable', 'no JSON object'],
    ['no message id', text, { message_id: undefined }, 'undecodable', 'no message id'],
    ['a message id that is no UUID', text, { message_id: '42' }, 'undecodable', 'no message id that is a UUID'],
    ['no type', text, { type: undefined }, 'undecodable', 'no type'],
    [
      'an attempt that is no number',
      text,
      { headers: { ...headers, 'x-mh-attempt': 'first' } },
      'undecodable',
      'run or attempt',
    ],
    [
      'an expiry that is no time',
      text,
      { headers: { ...headers, 'x-mh-expires-at': 'soon' } },
      'undecodable',
      'expiry time',
    ],
    [
      'an unknown type',
      text,
      { type: 'ledger.forget' },
      'unknown-task',
      'Nothing is known by the name "ledger.forget"',
    ],
    [
      'an unknown version',
      text,
      { headers: { ...headers, 'x-mh-version': 2 } },
      'unknown-version',
      'It is of version 2; this worker knows 1',
    ],
    ['no version', text, { headers: {} }, 'unknown-version', 'this worker knows 1'],
    ['a payload that does not fit', '{"note":7}', {}, 'invalid-payload', 'note: Invalid input'],
    ['an unknown field', '{"note":"hush-hush","more":1}', {}, 'invalid-payload', 'Unrecognized key: "more"'],
  ])('B21: for %s is parked with that reason, and the next one runs', async (_, body, properties, reason, message) => {
    const counter = () => counted(deadLetterMetrics.total, { task: 'unknown', reason });
    const before = await counter();
    const sent = { ...good(), ...properties };
    expect(await send(body, sent)).toBe(true);
    const [parked] = await takeParked(servers);
    expect(parked).toMatchObject({
      id: sent.message_id,
      type: sent.type,
      body: body.toString(),
      headers: sent.headers,
    });
    expect(parked?.envelope).toMatchObject({ reason, queue: 'work', worker: 'test-worker' });
    expect(parked?.envelope.error.message).toContain(message);
    expect(JSON.stringify(parked?.envelope.error)).not.toContain('hush');
    expect(await counter()).toBe(before + 1);
    expect(calls).toEqual([]);
    await application.ended(await deliver(application, Ping, { note: 'next' }));
    expect(calls).toEqual(['next']);
  });

  it('B21: for a sensitive field that is not encrypted, or not for this task, is parked without telling the secret', async () => {
    const { id } = await application.tasks.enqueue(Call, { note: 'first', secret: 'hush-hush' });
    const stolen = (await application.ended(id)).payload!;
    await deliver(application, Call, stolen);
    await deliver(application, Call, { note: 'plain', secret: 'hush-hush' });
    const parked = await takeParked(servers, 2);
    for (const { envelope, body } of parked) {
      expect(envelope).toMatchObject({ reason: 'undecodable', queue: 'outside' });
      expect(envelope.error.message).toContain('A sensitive field cannot be decrypted');
      expect(JSON.stringify(envelope)).not.toContain('hush-hush');
      expect(['first', 'plain']).toContain(JSON.parse(body).note);
    }
    expect(calls).toEqual(['first']);
  });

  it.each([
    ['invalid-payload', { note: 7 }, {}],
    ['unknown-version', { note: 'new' }, { version: 2 }],
  ])('B21: and is %s ends its task as failed, so that nobody waits for it', async (reason, payload, more) => {
    const id = await deliver(application, Record, payload, more);
    expect((await application.failed(id)).name).toBe('UnreadableMessage');
    expect((await takeParked(servers))[0]?.envelope).toMatchObject({ reason, taskId: id, run: 1, attempt: 1 });
  });

  it('B21: never spoils a task that has succeeded under the same id', async () => {
    const id = await deliver(application, Ping, { note: 'good' });
    await application.ended(id);
    await deliver(application, Ping, { note: 7 }, { id });
    await takeParked(servers);
    const told = async () => (await application.store.history.timeline(id)).some(({ kind }) => kind === 'failed');
    await eventually(told, { what: 'the failure on the timeline' });
    expect((await application.ended(id)).state).toBe('succeeded');
  });

  it('B21: may carry headers beyond what fits beside the reason', async () => {
    const large = { ...headers, 'x-large': '漢'.repeat(21_500) };
    await send('nothing', { ...good(), headers: large });
    const [parked] = await takeParked(servers);
    expect(parked).toMatchObject({ body: 'nothing', envelope: { reason: 'undecodable' } });
    expect(parked?.headers).not.toHaveProperty('x-large');
    await application.stop();
    expect(await left(servers, 'work', 'outside', 'dead-letters')).toEqual([]);
  });
});
