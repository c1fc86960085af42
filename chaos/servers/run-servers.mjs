import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ManagementClient, startSmtpServer } from '@mentorhub/testing';
import { killProcessesOf } from '../../tools/local/leftovers.mjs';
import { temporaryDirectory } from '../../tools/local/private-infrastructure.mjs';
import { startPostgres } from '../../tools/local/postgres.mjs';
import { describeRabbitMq } from '../../tools/local/rabbitmq-binaries.mjs';
import { startRabbitMq } from '../../tools/local/rabbitmq.mjs';
import { packagesDirectory } from '../../tools/local/server-home.mjs';

/**
 * The run's own RabbitMQ and PostgreSQL, to be broken, and its SMTP server, in this process, which keeps every mail.
 * Everything that is written lies in one temporary folder; every process carries its name, so that none is left behind.
 */
export class RunServers {
  directory = temporaryDirectory();

  constructor() {
    process.once('exit', () => this.endProcesses());
  }

  async start(say) {
    const common = { owner: this.directory, say };
    const packages = packagesDirectory();
    const started = await Promise.allSettled([
      startRabbitMq({ ...common, directory: join(this.directory, 'rabbitmq'), packages }),
      startPostgres({ ...common, directory: join(this.directory, 'postgres'), copies: packages }),
      startSmtpServer(),
    ]);
    const failed = started.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
    [this.broker, this.database, this.smtp] = started.map(({ value }) => value);
    say(`RabbitMQ: ${describeRabbitMq(this.broker)}.`);
    this.management = new ManagementClient(new URL(this.broker.managementUrlWithCredentials), '/');
  }

  /** RabbitMQ 3.10 notes some seconds late where a quorum queue lies; one that is killed before forgets the queue. */
  async rememberQueues() {
    await this.broker.control('eval', '[dets:sync(Table) || Table <- dets:all()].');
  }

  /** The queues that hold messages and how many, those that are delivered and not acked included. */
  messagesLeft() {
    return this.management.queuesWithMessages();
  }

  /** Copies what the processes and servers wrote. */
  keepLogs(folder) {
    mkdirSync(folder, { recursive: true });
    for (const logs of ['logs', 'rabbitmq/log', 'postgres/postgres.log'])
      cpSync(join(this.directory, logs), join(folder, logs), { recursive: true, force: true });
  }

  endProcesses() {
    killProcessesOf(this.directory);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  async remove() {
    await this.smtp?.close();
    this.endProcesses();
  }
}
