import { randomBytes } from 'node:crypto';
import { testServerUrl } from '../test-servers.js';
import { ManagementClient } from './management-client.js';
import type { Permissions } from './management-types.js';

/** A vhost of a test's own on the private broker. */
export interface TestVhost {
  name: string;
  /** URL of the vhost for a user who may do everything. */
  amqpUrl: string;
  management: ManagementClient;
  /** URL of the vhost for a new user with these permissions (regular expressions over names). */
  createUser(permissions: Permissions): Promise<string>;
  /** Deletes the vhost, its users and everything in it; the broker closes the connections that are still open. */
  remove(): Promise<void>;
}

/** Where a broker is; both URLs have user and password. */
export interface BrokerUrls {
  readonly amqp: string;
  readonly management: string;
}

/**
 * Creates a vhost on the broker at TEST_AMQP_URL through TEST_RABBITMQ_MANAGEMENT_URL, or on the given one.
 *
 * @throws Error when one of the two is not set or the broker refuses.
 * @example
 * const vhost = await createVhost();
 * afterAll(() => vhost.remove());
 */
export async function createVhost(broker?: BrokerUrls): Promise<TestVhost> {
  const amqp = broker ? new URL(broker.amqp) : testServerUrl('TEST_AMQP_URL');
  const api = broker ? new URL(broker.management) : testServerUrl('TEST_RABBITMQ_MANAGEMENT_URL');
  const name = `test-${randomBytes(6).toString('hex')}`;
  const management = new ManagementClient(api, name);
  await management.createVhost();
  const user = decodeURIComponent(amqp.username) || 'guest';
  await management.setPermissions(user, { configure: '.*', write: '.*', read: '.*' });
  return new Vhost(name, Object.assign(amqp, { pathname: `/${name}` }), management);
}

class Vhost implements TestVhost {
  private readonly users: string[] = [];

  constructor(
    readonly name: string,
    private readonly url: URL,
    readonly management: ManagementClient,
  ) {}

  get amqpUrl(): string {
    return this.url.href;
  }

  async createUser(permissions: Permissions): Promise<string> {
    const username = `${this.name}-${this.users.length}`;
    const password = randomBytes(12).toString('hex');
    await this.management.createUser(username, password, permissions);
    this.users.push(username);
    return Object.assign(new URL(this.url), { username, password }).href;
  }

  async remove(): Promise<void> {
    for (const user of this.users.splice(0)) await this.management.deleteUser(user);
    await this.management.deleteVhost();
  }
}
