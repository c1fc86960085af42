import { join } from 'node:path';
import { migrateServices } from '@mentorhub/testing';
import { localDirectory } from '../tools/local/paths.mjs';
import { FaultSchedule } from './faults/fault-schedule.mjs';
import { planFaults } from './faults/plan.mjs';
import { gatherEvidence } from './ledger/evidence.mjs';
import { judge } from './ledger/judge.mjs';
import { Progress } from './ledger/progress.mjs';
import { tellStory } from './ledger/tell-story.mjs';
import { untilEnded, untilQuiet } from './ledger/settling.mjs';
import { Fleet } from './processes/fleet.mjs';
import { GatewayClient } from './processes/gateway-client.mjs';
import { Database } from './servers/database.mjs';
import { RunServers } from './servers/run-servers.mjs';
import { Gate } from './workload/gate.mjs';
import { planBatches } from './workload/plan-batches.mjs';
import { Workload } from './workload/workload.mjs';

const mostTold = 20;

/**
 * One run.
 *
 * 1. Starts servers and processes of its own.
 * 2. Offers the tasks to the gateways while the faults happen.
 * 3. Once all faults are over, waits until every task has ended and no message is left.
 * 4. Waits until every process is ready again, stops them, counts the effects, and prints the ledger.
 * 5. Ends and removes everything, also when it fails or is stopped.
 */
export class ChaosRun {
  constructor(options, { say, signal }) {
    Object.assign(this, { options, say, signal, servers: new RunServers(), gate: new Gate() });
    signal.addEventListener('abort', () => this.gate.abandon(signal.reason));
  }

  /** @returns the exit code */
  async run() {
    try {
      await this.start();
      await this.produce();
      await this.settle();
      return await this.conclude(judge(await gatherEvidence(this)));
    } finally {
      if (this.options.keep) this.keepLogs();
      this.progress?.stop();
      await this.servers.remove();
    }
  }

  async start() {
    this.say('Starting RabbitMQ, PostgreSQL and an SMTP server.');
    await this.servers.start(this.say);
    this.signal.throwIfAborted();
    await migrateServices(this.servers.database.url, ['analytics-service']);
    this.database = new Database(this.servers.database.url);
    await this.database.createTables();
    this.say('Starting the processes.');
    this.fleet = new Fleet(this.servers, this.options);
    await this.fleet.prepare();
    this.gateways = new GatewayClient(this.fleet.all('gateway'));
    await this.fleet.launch(this.signal);
    await this.servers.rememberQueues();
  }

  async produce() {
    const { options, gate, say, signal } = this;
    this.progress = new Progress(this);
    this.workload = new Workload(planBatches(options), { ...this, rate: options.rate });
    this.schedule = new FaultSchedule(planFaults(options), { world: this, gate, say, signal });
    this.following = this.progress.follow(() => this.sentence());
    say(`Offering ${options.tasks} tasks, with ${options.faults} faults. Seed ${options.seed}.`);
    await Promise.all([this.workload.run(), this.schedule.run()]);
  }

  async settle() {
    this.say('All tasks are accepted and all faults over; waiting for the end of all tasks.');
    const unended = await untilEnded(this);
    if (unended > 0) this.say(`${unended} tasks have not ended, and none has for a long time.`);
    this.leftOver = await untilQuiet(this);
    this.progress.stop();
    await this.following;
    const missing = await this.fleet.untilReady(this.signal).then(
      () => [],
      ({ message }) => [message],
    );
    this.signal.throwIfAborted();
    this.unorderly = [...missing, ...(await this.fleet.retire())];
    await this.fleet.closeProxies();
  }

  async conclude({ counts, faults }) {
    for (const { kind, id, why } of faults.slice(0, mostTold)) {
      this.say(`${kind}: ${id} ${why}`);
      this.say(`  ${await tellStory(this.database, id)}`);
    }
    if (faults.length > mostTold) this.say(`… and ${faults.length - mostTold} more.`);
    const wrong = counts.wrong + this.generalFaults().length;
    for (const fault of this.generalFaults()) this.say(`wrong: ${fault}`);
    console.log(JSON.stringify({ ...counts, wrong }));
    return counts.lost + counts.doubled + wrong > 0 ? 1 : 0;
  }

  /** What is amiss without being about one task. */
  generalFaults() {
    return this.leftOver ? [this.leftOver, ...this.unorderly] : this.unorderly;
  }

  sentence() {
    const { accepted, revocations } = this.workload;
    const { done, plan } = this.schedule;
    const starts = [...this.fleet.members.values()].reduce((sum, { process }) => sum + process.starts, 0);
    return [
      `${accepted.size} of ${this.options.tasks} accepted`,
      `${this.servers.smtp.mails.length} mails`,
      `${revocations.size} revocations answered`,
      `${done} of ${plan.length} faults`,
      `${starts} process starts`,
    ].join(', ');
  }

  keepLogs() {
    const folder = join(
      localDirectory,
      'chaos',
      `seed-${this.options.seed}-${new Date().toISOString().replaceAll(':', '')}`,
    );
    this.servers.keepLogs(folder);
    this.say(`The logs are in ${folder}.`);
  }
}
