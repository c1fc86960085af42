import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from '../eventually.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

describe('a TCP proxy', () => {
  let echo: Server;
  let proxy: TcpProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await startTcpProxy(`amqp://user:secret@127.0.0.1:${(echo.address() as AddressInfo).port}/vhost`);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    await new Promise((resolve) => echo.close(resolve));
  });

  async function client(): Promise<{ socket: Socket; received: () => string }> {
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString())).on('error', () => undefined);
    await once(socket, 'connect');
    return { socket, received: () => text };
  }

  it('has the target URL with its own host and port, and passes bytes both ways', async () => {
    expect(proxy.url).toBe(`amqp://user:secret@127.0.0.1:${proxy.port}/vhost`);
    const { socket, received } = await client();
    socket.write('hello');
    await eventually(() => received() === 'hello');
    expect(proxy.open).toBe(1);
  });

  it('delivers what the server still had to say after the client has ended', async () => {
    const { socket, received } = await client();
    socket.end('last words');
    await once(socket, 'close');
    expect(received()).toBe('last words');
    await eventually(() => proxy.open === 0);
  });

  it('resets open connections when cut, and lets new ones through', async () => {
    const { socket } = await client();
    const [error] = await Promise.all([
      once(socket, 'error'),
      eventually(() => proxy.open === 1).then(() => proxy.cut()),
    ]);
    expect(error[0]).toMatchObject({ code: 'ECONNRESET' });
    const next = await client();
    next.socket.write('again');
    await eventually(() => next.received() === 'again');
  });

  it('holds bytes while stalled, on old connections and new, and passes them on when resumed', async () => {
    const old = await client();
    old.socket.write('before');
    await eventually(() => old.received() === 'before');
    proxy.stall();
    const fresh = await client();
    old.socket.write(' after');
    fresh.socket.write('fresh');
    const early = eventually(() => old.received() !== 'before' || fresh.received(), { timeoutSeconds: 0.2 });
    await expect(early).rejects.toThrow('Waited');
    await proxy.resume();
    await eventually(() => old.received() === 'before after' && fresh.received() === 'fresh');
  });

  it('passes each byte on once, however often it is resumed', async () => {
    const { socket, received } = await client();
    socket.write('once');
    await eventually(() => received() === 'once');
    await proxy.resume();
    proxy.stall();
    await proxy.resume();
    await proxy.resume();
    socket.end(' more');
    await once(socket, 'close');
    expect(received()).toBe('once more');
  });

  it('refuses connections until resumed, on the same port', async () => {
    const { port } = proxy;
    await proxy.refuse();
    await expect(client()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.resume();
    expect(proxy.port).toBe(port);
    const { socket, received } = await client();
    socket.write('back');
    await eventually(() => received() === 'back');
  });

  it('leads new connections to another server, and leaves open ones where they are', async () => {
    const other = createServer((socket) => socket.on('error', () => undefined).end('the other')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const old = await client();
    old.socket.write('old');
    await eventually(() => old.received() === 'old');
    proxy.leadTo(`amqp://127.0.0.1:${(other.address() as AddressInfo).port}`);
    const fresh = await client();
    await eventually(() => fresh.received() === 'the other');
    old.socket.write(' still');
    await eventually(() => old.received() === 'old still');
    await new Promise((resolve) => other.close(resolve));
  });

  it('asks for a port that it cannot know', async () => {
    await expect(startTcpProxy('unknown://127.0.0.1')).rejects.toThrow('add one to the URL');
  });
});
