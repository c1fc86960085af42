import { eventually, PrivateBroker, sized } from '@mentorhub/testing';
import { Brief, BriefCall, BriefPing, Record } from '../../test/example-tasks.js';
import { Fleet } from '../../test/fleet.js';
import { Gate } from '../../test/gate.js';
import { deliver, takeParkedOf } from '../../test/messages.js';
import { resetScript, script, write } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

/**
 * Longer than anything waits for a handler that hangs. The broker looks for deliveries that were held for too long as often
 * as a channel ticks.
 */
const shortConsumerTimeout = `
  application:set_env(rabbit, consumer_timeout, 12000), application:set_env(rabbit, channel_tick_interval, 500).`;

describe('Handlers that never return, whose deliveries the broker gives to others', () => {
  let broker: PrivateBroker;
  let servers: Servers;
  let fleet: Fleet | undefined;
  const note = 'hangs';

  beforeAll(async () => {
    broker = await PrivateBroker.create();
    await broker.control('eval', shortConsumerTimeout);
    servers = await createServers({ broker });
  });

  afterEach(async () => {
    resetScript();
    await fleet?.stop();
  });

  afterAll(async () => {
    await servers?.remove();
    await broker?.remove();
  });

  it.each(sized({ short: [3], full: [1, 3] }))(
    'B20: are noticed and parked, whatever their effects, with %d workers, and others go on',
    async (workers) => {
      const gate = new Gate();
      script.record = (payload, ctx) => (payload.note === note ? gate.pass() : write(ctx.tx, payload.note).then());
      script.call = () => gate.pass();
      script.ping = () => gate.pass();
      fleet = await Fleet.start(
        servers,
        Array.from({ length: workers }, () => ({})),
      );
      const { producer } = fleet;
      const hanging = await Promise.all([Brief, BriefCall, BriefPing].map((task) => deliver(producer, task, { note })));
      await eventually(() => gate.entered >= hanging.length);
      const others = await Promise.all(Array.from({ length: 20 }, () => deliver(producer, Record, { note: 'other' })));
      const isState = async (id: string, state: string) => (await producer.store.history.find(id))?.state === state;
      for (const id of others) await eventually(() => isState(id, 'succeeded'), { what: 'the others' });
      for (const id of hanging) await eventually(() => isState(id, 'failed'), { what: 'what hangs to be parked' });
      for (const id of hanging) expect((await producer.failed(id)).name).toBe('PoisonError');
      expect(await takeParkedOf(servers, hanging)).toEqual(hanging.map((id) => `${id} poison`).sort());
      gate.open();
      const last = await deliver(producer, Record, { note: 'last' });
      expect((await producer.ended(last)).state).toBe('succeeded');
      for (const id of hanging) expect(await isState(id, 'failed')).toBe(true);
    },
  );
});
