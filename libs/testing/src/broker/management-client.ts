import { eventually, type EventuallyOptions } from '../eventually.js';
import type {
  BindingInfo,
  ConnectionInfo,
  ExchangeInfo,
  MessageProperties,
  Permissions,
  QueueInfo,
  ReadMessage,
} from './management-types.js';

type AckMode = 'ack_requeue_true' | 'ack_requeue_false' | 'reject_requeue_true' | 'reject_requeue_false';

/**
 * RabbitMQ's management API, within one vhost. Message counts of queues are statistics: they lag behind by the
 * broker's `collect_statistics_interval` (the private test broker's is short), so wait for them with `waitForQueue`.
 *
 * Every method throws an Error with the broker's reason when it answers anything but 2xx.
 */
export class ManagementClient {
  private readonly origin: string;
  private readonly authorization: string;
  private readonly vhostPath: string;

  /** @param url with user and password, for instance `http://guest:guest@127.0.0.1:15672` */
  constructor(
    url: URL,
    readonly vhost: string,
  ) {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.origin = url.origin;
    this.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.vhostPath = encodeURIComponent(vhost);
  }

  /** The queue, or undefined when there is none of that name. */
  async queue(name: string): Promise<QueueInfo | undefined> {
    return this.find<QueueInfo>(this.queuePath(name));
  }

  async queues(): Promise<QueueInfo[]> {
    return this.request('GET', `queues/${this.vhostPath}`);
  }

  /**
   * The queues that hold messages, delivered and unacked ones included: `work: 3`. The management plugin may have no statistics of a queue
   * that nothing happens in, for ever; such a queue is asked itself.
   */
  async queuesWithMessages(): Promise<string[]> {
    const queues = await this.queues();
    const counted = await Promise.all(
      queues.map(async ({ name, messages }) => ({ name, messages: messages ?? (await this.getMessages(name)).length })),
    );
    return counted.filter(({ messages }) => messages > 0).map(({ name, messages }) => `${name}: ${messages}`);
  }

  /**
   * Waits until the queue exists and `predicate` holds for it.
   * @example await management.waitForQueue('email', (queue) => queue.messages === 0);
   */
  async waitForQueue(
    name: string,
    predicate: (queue: QueueInfo) => boolean = () => true,
    options: EventuallyOptions = {},
  ): Promise<QueueInfo> {
    let last: QueueInfo | undefined;
    const found = eventually(
      async () => {
        last = await this.queue(name);
        return last && predicate(last) ? last : undefined;
      },
      { what: `queue ${name}`, intervalMilliseconds: 50, ...options },
    );
    return found.catch((error: Error) => {
      throw new Error(`${error.message} The queue was ${summary(last)}.`, { cause: error });
    });
  }

  async declareQueue(name: string, queueArguments: Record<string, unknown> = {}): Promise<void> {
    await this.request('PUT', this.queuePath(name), { durable: true, auto_delete: false, arguments: queueArguments });
  }

  /** Deletes a queue with its messages; its consumers are cancelled by the broker. */
  async deleteQueue(name: string): Promise<void> {
    await this.request('DELETE', this.queuePath(name));
  }

  async purge(name: string): Promise<void> {
    await this.request('DELETE', `${this.queuePath(name)}/contents`);
  }

  /**
   * Publishes one message. A string or Buffer goes out as it is, anything else as JSON.
   * @param exchange '' for the default exchange
   * @returns whether a queue took it
   */
  async publish(
    exchange: string,
    routingKey: string,
    body: unknown,
    properties: MessageProperties = {},
  ): Promise<boolean> {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const answer = await this.request<{ routed: boolean }>('POST', `${this.exchangePath(exchange)}/publish`, {
      properties,
      routing_key: routingKey,
      payload: bytes.toString('base64'),
      payload_encoding: 'base64',
    });
    return answer.routed;
  }

  /**
   * Reads up to `count` messages from the head of a queue.
   * @param ackMode `ack_requeue_true` (default) puts them back, as redelivered; `ack_requeue_false` takes them off
   */
  async getMessages(queue: string, count = 1, ackMode: AckMode = 'ack_requeue_true'): Promise<ReadMessage[]> {
    const path = `${this.queuePath(queue)}/get`;
    const messages = await this.request<RawMessage[]>('POST', path, { count, ackmode: ackMode, encoding: 'base64' });
    return messages.map(readMessage);
  }

  async exchanges(): Promise<ExchangeInfo[]> {
    return this.request('GET', `exchanges/${this.vhostPath}`);
  }

  async deleteExchange(name: string): Promise<void> {
    await this.request('DELETE', this.exchangePath(name));
  }

  async declareExchange(name: string, type = 'topic', exchangeArguments: Record<string, unknown> = {}): Promise<void> {
    await this.request('PUT', this.exchangePath(name), { type, durable: true, arguments: exchangeArguments });
  }

  async bindings(): Promise<BindingInfo[]> {
    return this.request('GET', `bindings/${this.vhostPath}`);
  }

  /** Binds a queue to an exchange. */
  async bind(exchange: string, queue: string, routingKey = '#'): Promise<void> {
    const path = `bindings/${this.vhostPath}/e/${encodeURIComponent(exchange)}/q/${encodeURIComponent(queue)}`;
    await this.request('POST', path, { routing_key: routingKey });
  }

  /** Takes all bindings off that lead from an exchange to a queue. */
  async unbind(exchange: string, queue: string): Promise<void> {
    const path = `bindings/${this.vhostPath}/e/${encodeURIComponent(exchange)}/q/${encodeURIComponent(queue)}`;
    const found = await this.request<{ properties_key: string }[]>('GET', path);
    for (const { properties_key: key } of found) await this.request('DELETE', `${path}/${encodeURIComponent(key)}`);
  }

  /** The vhost's open connections. */
  async connections(): Promise<ConnectionInfo[]> {
    return this.request('GET', `vhosts/${this.vhostPath}/connections`);
  }

  /** Makes the broker close a connection, as an operator would. */
  async closeConnection(name: string, reason = 'closed by a test'): Promise<void> {
    await this.request('DELETE', `connections/${encodeURIComponent(name)}`, undefined, { 'x-reason': reason });
  }

  async createUser(name: string, password: string, permissions: Permissions): Promise<void> {
    await this.request('PUT', `users/${encodeURIComponent(name)}`, { password, tags: '' });
    await this.setPermissions(name, permissions);
  }

  /** What a user may do in this vhost: regular expressions over names. */
  async setPermissions(user: string, permissions: Permissions): Promise<void> {
    await this.request('PUT', `permissions/${this.vhostPath}/${encodeURIComponent(user)}`, permissions);
  }

  async deleteUser(name: string): Promise<void> {
    await this.request('DELETE', `users/${encodeURIComponent(name)}`);
  }

  async createVhost(): Promise<void> {
    await this.request('PUT', `vhosts/${this.vhostPath}`, {});
  }

  async deleteVhost(): Promise<void> {
    await this.request('DELETE', `vhosts/${this.vhostPath}`);
  }

  /** Any other call: `path` is what follows `/api/`. */
  async request<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const response = await this.send(method, path, body, headers);
    const text = await response.text();
    if (!response.ok) throw refused(method, path, response.status, text);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  private async find<T>(path: string): Promise<T | undefined> {
    const response = await this.send('GET', path);
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok) throw refused('GET', path, response.status, text);
    return JSON.parse(text) as T;
  }

  private send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.origin}/api/${path}`, {
      method,
      headers: {
        authorization: this.authorization,
        'content-type': 'application/json',
        // RabbitMQ 4.3 ends an idle connection after 5 s; a request that is just being sent on it would fail.
        connection: 'close',
        ...headers,
      },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  private queuePath(name: string): string {
    return `queues/${this.vhostPath}/${encodeURIComponent(name)}`;
  }

  private exchangePath(name: string): string {
    return `exchanges/${this.vhostPath}/${encodeURIComponent(name || 'amq.default')}`;
  }
}

interface RawMessage {
  payload: string;
  properties: MessageProperties | [];
  routing_key: string;
  exchange: string;
  redelivered: boolean;
}

function readMessage(raw: RawMessage): ReadMessage {
  const body = Buffer.from(raw.payload, 'base64');
  return {
    body,
    text: body.toString('utf8'),
    json: () => JSON.parse(body.toString('utf8')),
    // Without any property the broker's JSON has an empty list.
    properties: Array.isArray(raw.properties) ? {} : raw.properties,
    headers: (!Array.isArray(raw.properties) && raw.properties.headers) || {},
    exchange: raw.exchange,
    routingKey: raw.routing_key,
    redelivered: raw.redelivered,
  };
}

function summary(queue: QueueInfo | undefined): string {
  if (!queue) return 'absent';
  const { messages = 0, messages_unacknowledged: unacknowledged = 0, consumers = 0, state } = queue;
  return `${state ?? 'in an unknown state'} with ${messages} messages (${unacknowledged} unacknowledged) and ${consumers} consumers`;
}

function refused(method: string, path: string, status: number, text: string): Error {
  return new Error(`RabbitMQ's management API answered ${status} to ${method} ${path}: ${text.slice(0, 500)}`);
}
