import { deadLetterMetrics, delayMetrics } from '@mentorhub/metrics';
import { delayedRoute, strandedDelays } from '@mentorhub/messaging';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Ping } from '../../test/example-tasks.js';
import { left, takeParked } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { calls, resetScript, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

describe('A delayed message that does not find its queue', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency: 4 } },
      strandedDelays: { waitsSeconds: [1, 2, 5] },
    });
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const { name: type } = Ping;
  const headersOfTask = { 'x-mh-version': 1, 'x-mh-run': 1, 'x-mh-attempt': 1, tenant: 'a' };

  async function delay(queue: string, headers: object = headersOfTask): Promise<string> {
    const messageId = randomUUID();
    const body = Buffer.from('{"note":"delayed"}');
    const message = { ...delayedRoute(queue, 1), messageId, type, headers: { ...headers }, body, mandatory: true };
    await application.broker.publisher.publish(message);
    return messageId;
  }
  const stranded = (outcome: string) => counted(delayMetrics.stranded, { outcome });

  it('is parked when there is none after all its tries, and its task has failed', async () => {
    const before = {
      returned: await stranded('returned'),
      parked: await stranded('parked'),
      letters: await counted(deadLetterMetrics.total, { reason: 'unroutable' }),
    };
    const id = await delay('nobody');
    const [parked] = await takeParked(servers);
    expect(parked).toMatchObject({ id, type, body: '{"note":"delayed"}' });
    expect(parked?.envelope).toMatchObject({ reason: 'unroutable', queue: 'nobody', taskId: id, run: 1, attempt: 1 });
    expect(parked?.envelope.error.message).toContain('No queue "nobody" took it');
    expect(parked?.headers).toMatchObject(headersOfTask);
    expect(parked?.headers).not.toHaveProperty('x-mh-strandings');
    expect(await application.failed(id)).toMatchObject({ name: 'UnroutableMessage' });
    expect(await stranded('returned')).toBe(before.returned + 3);
    expect(await stranded('parked')).toBe(before.parked + 1);
    expect(await counted(deadLetterMetrics.total, { reason: 'unroutable' })).toBe(before.letters + 1);
  });

  it('goes to it as soon as that is bound again, as it was', async () => {
    const before = await stranded('returned');
    const id = await delay('work');
    // The service binds it again whenever it looks.
    await eventually(
      async () => {
        await servers.vhost.management.unbind('delay.v1.delivery', 'work');
        return (await stranded('returned')) > before;
      },
      { what: 'the message to strand' },
    );
    expect((await application.ended(id)).state).toBe('succeeded');
    expect(calls).toEqual(['delayed']);
  });

  it.each([
    [
      'that counts its tries in a way of its own',
      () => delay('nowhere', { ...headersOfTask, 'x-mh-strandings': 'many' }),
    ],
    ['that is no task', () => delay('nowhere', {})],
  ])('is parked too when it is one %s', async (_, publish) => {
    const id = await publish();
    expect((await takeParked(servers))[0]).toMatchObject({ id, envelope: { reason: 'unroutable', queue: 'nowhere' } });
  });

  it('is parked at once when its key names no queue', async () => {
    await servers.vhost.management.publish(strandedDelays, 'by.hand', 'no task');
    expect((await takeParked(servers))[0]).toMatchObject({
      body: 'no task',
      envelope: { reason: 'unroutable', queue: strandedDelays },
    });
  });

  it('is not forgotten: nothing is left where they strand', async () => {
    await eventually(async () => (await left(servers, strandedDelays)).length === 0);
    await application.stop();
    expect(await left(servers, strandedDelays, 'work', 'dead-letters')).toEqual([]);
  });
});
