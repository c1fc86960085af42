import { Broker, largestBodyBytes, type Logger } from '@mentorhub/messaging';
import { createLogger } from '@mentorhub/service';
import { createVhost, eventually, startTcpProxy, type TcpProxy, type TestVhost } from '@mentorhub/testing';
import { z } from 'zod';
import { defineCall } from '@mentorhub/task-contracts';
import { CallRefusedError, CallTimeoutError, CallUnreachableError } from '@mentorhub/task-calls';
import { CallServer } from '@mentorhub/task-calls';
import { Calls } from '@mentorhub/task-calls';

const queue = 'example-calls';
const Double = defineCall({
  name: 'example.double',
  queue,
  input: z.strictObject({ number: z.number(), times: z.number().default(2) }),
  output: z.strictObject({ number: z.number() }),
});
const Unknown = defineCall({ name: 'example.unknown', queue, input: z.null(), output: z.null() });

const exchanges = { calls: 'calls', replies: 'replies' };
const topology = {
  exchanges: Object.values(exchanges).map((name) => ({ name, type: 'topic' as const })),
  queues: [],
  bindings: [],
};
const ignore = () => undefined;
const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false });

describe('calls', () => {
  let vhost: TestVhost;
  let proxy: TcpProxy;
  const brokers: Broker[] = [];
  const servers: CallServer[] = [];
  let calls: Calls;

  const startBroker = async (url = vhost.amqpUrl) => {
    const onFatal = (error: Error) => {
      throw error;
    };
    const options = {
      url,
      clientName: 'calls-test',
      topology,
      topologyMode: 'declare' as const,
      logger: silent,
      onFatal,
    };
    const broker = new Broker({ ...options, reconnectSeconds: 0.2, topologyEverySeconds: 1 });
    brokers.push(broker);
    broker.start();
    await broker.untilReady();
    return broker;
  };

  type Answer = (input: { number: number; times: number }, call: { id: string }) => Promise<{ number: number }>;
  const double: Answer = ({ number, times }) => Promise.resolve({ number: number * times });

  /** A service that answers; resolves when it does. */
  async function serve(answer: Answer = double): Promise<{ server: CallServer; broker: Broker }> {
    const broker = await startBroker();
    const server = new CallServer({ broker, exchanges, queue, logger }).answer(Double, answer);
    servers.push(server);
    server.start();
    await server.ready();
    return { server, broker };
  }
  const ask = (number: number, options = {}) => calls.ask(Double, { number }, options);

  beforeAll(async () => {
    vhost = await createVhost();
    proxy = await startTcpProxy(vhost.amqpUrl);
    calls = new Calls({ broker: await startBroker(proxy.url), exchanges, worker: 'caller' });
    calls.start();
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await Promise.all(brokers.splice(1).map((broker) => broker.close()));
  });
  afterAll(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await proxy.close();
    await vhost.remove();
  });

  it('are answered, each to who asked it', async () => {
    await serve();
    const other = new Calls({ broker: await startBroker(), exchanges, worker: 'other' });
    const answers = await Promise.all(
      [1, 2, 3].flatMap((number) => [ask(number), other.ask(Double, { number, times: 10 })]),
    );
    expect(answers.map(({ number }) => number)).toEqual([2, 10, 4, 20, 6, 30]);
  });

  it('are refused when their answer is larger than a message can be', async () => {
    const broker = await startBroker();
    const Much = defineCall({ name: 'example.much', queue, input: z.null(), output: z.string() });
    const server = new CallServer({ broker, exchanges, queue, logger });
    servers.push(server.answer(Much, () => Promise.resolve('x'.repeat(largestBodyBytes))));
    server.start();
    await server.ready();
    await expect(calls.ask(Much, null, { timeoutSeconds: 200 })).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('more than a message can hold: ask for less at once'),
    });
  });

  it('whose connection to the database was lost may have been done', async () => {
    await serve(() => Promise.reject(Object.assign(new Error('terminated'), { code: '57P01' })));
    await expect(ask(1)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('may have been done'),
    });
  });

  it('are refused with the reason and its places', async () => {
    const faults = [{ path: ['list', 0], message: 'is odd' }];
    await serve(() => Promise.reject(new CallRefusedError('conflict', 'It is odd.', faults)));
    await expect(ask(1)).rejects.toMatchObject({
      name: 'CallRefusedError',
      code: 'conflict',
      message: 'It is odd.',
      faults,
    });
  });

  it('are refused where their input does not fit, or the service does not know them', async () => {
    await serve();
    const misfit = calls.ask(Double, { number: 'one' as unknown as number });
    await expect(misfit).rejects.toMatchObject({ code: 'invalid', faults: [{ path: ['number'] }] });
    await expect(calls.ask(Unknown, null)).rejects.toMatchObject({ code: 'failed' });
  });

  it('tell nothing of the insides of a service that fails, except that its database is away', async () => {
    await serve(({ number }) =>
      Promise.reject(
        number === 1 ? new Error('password=1') : Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      ),
    );
    const failed = await ask(1).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'failed' });
    expect(String(failed)).not.toContain('password');
    await expect(ask(2)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('fail at once while nobody answers, before the first and after the last service of its kind', async () => {
    // Whoever waited for an answer would be told that it took too long.
    await expect(ask(1)).rejects.toThrow(CallUnreachableError);
    const { server } = await serve();
    expect(await ask(1)).toEqual({ number: 2 });
    await server.stop();
    await expect(ask(1)).rejects.toThrow('No service runs that answers "example.double".');
  });

  it('fail when the answer takes too long, and a late answer is taken for no other', async () => {
    let finish: () => void = ignore;
    await serve(async (input) => {
      if (input.number === 1) await new Promise<void>((resolve) => (finish = resolve));
      return double(input, { id: '' });
    });
    await expect(ask(1, { timeoutSeconds: 0.3 })).rejects.toThrow(CallTimeoutError);
    finish();
    expect(await ask(2)).toEqual({ number: 4 });
  });

  it('are worked by another replica when the one that had them dies', async () => {
    const seen: string[] = [];
    const dying = await serve((_, { id }) => new Promise<never>(() => void seen.push(id)));
    const answer = ask(1, { id: '0c1c7f6e-0000-4000-8000-000000000001' });
    await eventually(() => seen.length, { what: 'the call to be taken' });
    await serve((input, { id }) => {
      seen.push(id);
      return double(input, { id });
    });
    servers.splice(servers.indexOf(dying.server), 1);
    await dying.broker.close();
    expect(await answer).toEqual({ number: 2 });
    expect(seen).toEqual(Array(2).fill('0c1c7f6e-0000-4000-8000-000000000001'));
  });

  it('are answered before the service stops', async () => {
    const taken = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { server } = await serve(async (input) => {
      taken.resolve();
      await gate.promise;
      return double(input, { id: '' });
    });
    const answer = ask(21);
    await taken.promise;
    const stopped = server.stop();
    gate.resolve();
    expect(await answer).toEqual({ number: 42 });
    await stopped;
  });

  it.each([exchanges.calls, exchanges.replies])(
    'are answered again when the exchange "%s" was deleted with all that was bound to it',
    async (exchange) => {
      await serve();
      expect(await ask(1)).toEqual({ number: 2 });
      await vhost.management.deleteExchange(exchange);
      await vhost.management.declareExchange(exchange);
      const answer = await eventually(() => ask(2, { timeoutSeconds: 1 }));
      expect(answer).toEqual({ number: 4 });
    },
  );

  it('fail at once while the broker is away, and are answered again when it is back', async () => {
    await serve();
    await proxy.refuse();
    await eventually(() =>
      ask(1, { timeoutSeconds: 0.5 }).then(
        () => false,
        (error: unknown) => error instanceof CallUnreachableError,
      ),
    );
    await proxy.resume();
    expect(await eventually(() => ask(1))).toEqual({ number: 2 });
  });
});
