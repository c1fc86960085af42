import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const defaultPorts: Record<string, number> = {
  'amqp:': 5672,
  'amqps:': 5671,
  'postgres:': 5432,
  'postgresql:': 5432,
  'smtp:': 25,
  'smtps:': 465,
  'http:': 80,
  'https:': 443,
};

/** A TCP proxy on 127.0.0.1 in front of a real server, to break the network between the two on purpose. */
export interface TcpProxy {
  /** The target's URL with the proxy's host and port in place of its own. */
  url: string;
  port: number;
  /** How many connections pass through it now. */
  readonly open: number;
  /** Resets every open connection. New ones are let through. */
  cut(): void;
  /** Lets no byte pass in either direction, on open connections and new ones: a network that swallows packets. */
  stall(): void;
  /** New connections go to this server from now on; open ones stay where they are, as behind a real proxy. */
  leadTo(target: string): void;
  /** Resets every open connection and refuses new ones. */
  refuse(): Promise<void>;
  /** Ends `stall` and `refuse`; held bytes go on their way. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** @param target URL of the server behind the proxy, for instance `amqp://guest:guest@127.0.0.1:5672/vhost`. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const proxy = new ForwardingProxy(new URL(target));
  await proxy.listen(0);
  return proxy;
}

class ForwardingProxy implements TcpProxy {
  url = '';
  port = 0;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private stalled = false;
  private readonly server: Server;

  constructor(private target: URL) {
    portOf(target); // throws here rather than at the first connection
    // allowHalfOpen: an end must travel through like any other byte, or a stalled proxy would answer it itself.
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.accept(client));
  }

  get open(): number {
    return this.pairs.size;
  }

  async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.port}`;
    this.url = url.href;
  }

  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) reset(socket);
  }

  stall(): void {
    this.stalled = true;
    for (const pair of this.pairs) hold(pair);
  }

  leadTo(target: string): void {
    this.target = new URL(target);
  }

  async refuse(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  async resume(): Promise<void> {
    // A pair that is joined already must not be joined again: each byte would then go through twice.
    if (this.stalled) for (const pair of this.pairs) join(pair);
    this.stalled = false;
    if (!this.server.listening) await this.listen(this.port);
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  private accept(client: Socket): void {
    const server = connect({ host: hostOf(this.target), port: portOf(this.target), allowHalfOpen: true });
    const pair = [client, server] as const;
    this.pairs.add(pair);
    for (const [socket, other] of [pair, [server, client] as const]) {
      socket.setNoDelay(true);
      socket.on('error', () => reset(other));
      // One end may close while the other still has bytes to write: the pair is over when both are closed.
      socket.on('close', () => other.closed && this.pairs.delete(pair));
    }
    if (!this.stalled) join(pair);
  }
}

function join([client, server]: readonly [Socket, Socket]): void {
  client.pipe(server);
  server.pipe(client);
}

function hold([client, server]: readonly [Socket, Socket]): void {
  client.unpipe(server).pause();
  server.unpipe(client).pause();
}

function hostOf(target: URL): string {
  return target.hostname.replace(/^\[|\]$/g, '');
}

function portOf(target: URL): number {
  const port = Number(target.port) || defaultPorts[target.protocol];
  if (!port)
    throw new Error(`The proxy's target ${target.protocol}//${target.host} names no port: add one to the URL.`);
  return port;
}

/** A reset while an orderly end is under way would leave the handle open for ever (Node 24), so that one is just dropped. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
