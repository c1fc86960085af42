import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createVhost, type TestVhost } from '../broker/vhost.js';
import { localModule, newPlace, PrivateServer, type LocalServer } from './private-server.js';

interface LocalBroker extends LocalServer {
  readonly amqpUrl: string;
  readonly managementUrlWithCredentials: string;
  control(...args: string[]): Promise<string>;
}

/**
 * A RabbitMQ of a test's own, to be broken.
 *
 * @example
 * const broker = await PrivateBroker.create();
 * afterAll(() => broker.remove());
 * const vhost = await broker.createVhost();
 * await broker.kill();
 * await broker.start();
 */
export class PrivateBroker extends PrivateServer<LocalBroker> {
  /** Takes about ten seconds. */
  static async create(): Promise<PrivateBroker> {
    const place = await newPlace('rabbitmq');
    const { startRabbitMq } = await localModule<{ startRabbitMq(options: object): Promise<LocalBroker> }>(
      'rabbitmq.mjs',
    );
    return new PrivateBroker(await startRabbitMq(place), place.directory);
  }

  get amqpUrl(): string {
    return this.local.amqpUrl;
  }

  createVhost(): Promise<TestVhost> {
    return createVhost({ amqp: this.local.amqpUrl, management: this.local.managementUrlWithCredentials });
  }

  /** Runs rabbitmqctl on it, for instance `control('stop_app')`; takes some seconds. */
  control(...args: string[]): Promise<string> {
    return this.local.control(...args);
  }

  /** While it is on, the broker reads nothing from connections that publish. */
  async setMemoryAlarm(on: boolean): Promise<void> {
    await this.control('set_vm_memory_high_watermark', on ? '0.0000001' : '0.4');
  }

  /**
   * Call it before a crash that follows soon after queues were declared: RabbitMQ 3.10 writes where a quorum queue lies some
   * seconds late, and one that crashes before has a queue that never answers again.
   */
  async writeQueueDirectory(): Promise<void> {
    await this.control('eval', '[dets:sync(Table) || Table <- dets:all()].');
  }

  /** The lines of its log that contain `text`. */
  logged(text: string): string[] {
    const folder = join(this.directory, 'log');
    const files = readdirSync(folder).filter((name) => name.endsWith('.log'));
    const lines = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
    return lines.filter((line) => line.includes(text));
  }
}
