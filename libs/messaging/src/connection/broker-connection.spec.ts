import { eventually, freePort } from '@mentorhub/testing';
import { getEventListeners, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { insideAmqplib } from '../../test/amqplib-insides.js';
import { BrokerConnection, reasonOf } from './broker-connection.js';

const defs = insideAmqplib('./lib/defs.js') as {
  encodeMethod(method: number, channel: number, fields: object): Buffer;
  ConnectionStart: number;
  ConnectionTune: number;
  ConnectionOpenOk: number;
  ConnectionClose: number;
};
const method = (id: number, fields: object) => defs.encodeMethod(id, 0, fields);
const shutdown = method(defs.ConnectionClose, { replyCode: 320, replyText: 'shutdown', classId: 0, methodId: 0 });
/** Class and method of what a client sends at the opening. */
const [startOk, open] = [0x000a000b, 0x000a0028];

/** Opens each connection as RabbitMQ does, and sends with the last answer what the test wants. */
async function server(after: (connections: number) => Buffer | 'cut' | 'close' | undefined) {
  let connections = 0;
  const sockets = new Set<Socket>();
  // It does not end its side when the client has ended.
  const listening = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const told = after((connections += 1));
    let read = Buffer.alloc(0);
    let greeted = false;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      read = Buffer.concat([read, bytes]);
      if (!greeted) {
        read = read.subarray(8);
        greeted = true;
        socket.write(
          method(defs.ConnectionStart, {
            versionMajor: 0,
            versionMinor: 9,
            serverProperties: {},
            mechanisms: Buffer.from('PLAIN'),
            locales: Buffer.from('en_US'),
          }),
        );
      }
      while (read.length >= 7 && read.length >= 8 + read.readUInt32BE(3)) {
        const id = read.readUInt32BE(7);
        read = read.subarray(8 + read.readUInt32BE(3));
        if (id === startOk)
          socket.write(method(defs.ConnectionTune, { channelMax: 10, frameMax: 131_072, heartbeat: 0 }));
        if (id !== open) continue;
        const opened = method(defs.ConnectionOpenOk, { knownHosts: '' });
        socket.write(Buffer.isBuffer(told) ? Buffer.concat([opened, told]) : opened);
        if (told === 'cut') setTimeout(() => socket.destroy(), 20);
        if (told === 'close') setTimeout(() => socket.write(shutdown), 20);
      }
    });
  });
  await once(listening.listen(0, '127.0.0.1'), 'listening');
  const { port } = listening.address() as AddressInfo;
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}/`,
    get connections() {
      return connections;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      listening.close();
      await once(listening, 'close');
    },
  };
}

describe('A connection to the broker', () => {
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const opened: { close(): Promise<void> }[] = [];
  const brokerThat = async (after: Parameters<typeof server>[0]) => {
    const broker = await server(after);
    opened.push(broker);
    return broker;
  };
  const connectionTo = (url: string, longestReconnectSeconds: number) => {
    const connection = new BrokerConnection({
      role: 'publish',
      urls: [url],
      clientName: 'test',
      heartbeatSeconds: 0,
      longestReconnectSeconds,
      logger: silent,
      onFatal: () => undefined,
    });
    opened.push(connection);
    return connection;
  };

  afterEach(async () => {
    // The connections before their servers.
    for (const it of opened.splice(0).reverse()) await it.close();
  });

  it('is made anew when the server closed it in the same packet as it opened it', async () => {
    const broker = await brokerThat((connections) => (connections === 1 ? shutdown : undefined));
    const connection = connectionTo(broker.url, 0.05);
    connection.start();
    await eventually(() => broker.connections === 2 && connection.current, { what: 'a second connection' });
  });

  it('leaves no socket behind that waits for a silent server', async () => {
    const broker = await brokerThat((connections) => (connections === 1 ? 'close' : undefined));
    const connection = connectionTo(broker.url, 0.05);
    const sockets: Socket[] = [];
    connection.on('up', () => {
      const { stream } = connection.current?.connection as unknown as { stream: Socket };
      sockets.push(stream);
    });
    connection.start();
    await eventually(() => sockets.length === 2, { what: 'a second connection' });
    await eventually(() => sockets[0]?.destroyed, { what: 'the end of the first socket' });
  });

  it('is made more and more slowly while the server closes it at once', async () => {
    const broker = await brokerThat(() => 'cut');
    const connection = connectionTo(broker.url, 30);
    const ups: number[] = [];
    connection.on('up', () => ups.push(performance.now()));
    connection.start();
    await eventually(() => ups.length >= 4, { what: 'four connections' });
    expect(ups[3]! - ups[2]!).toBeGreaterThan(250); // the third wait is of 0.4 s, less a third
  });

  it('keeps nothing of tries that failed', async () => {
    const connection = connectionTo(`amqp://guest:guest@127.0.0.1:${await freePort()}/`, 0.01);
    connection.start();
    const { sockets } = connection as unknown as { sockets: AbortController };
    await eventually(() => (connection as unknown as { failures: number }).failures > 30, { what: 'many tries' });
    expect(getEventListeners(sockets.signal, 'abort').length).toBeLessThan(3);
  });

  it('says of a host with several addresses why each of them failed', () => {
    const both = [new Error('connect ECONNREFUSED ::1:5672'), new Error('connect ECONNREFUSED 127.0.0.1:5672')];
    expect(reasonOf(new AggregateError(both, ''))).toBe(
      'connect ECONNREFUSED ::1:5672; connect ECONNREFUSED 127.0.0.1:5672',
    );
    expect(reasonOf(new Error('closed'))).toBe('closed');
  });
});
