import { eventually } from '@mentorhub/testing';
import { Record } from './example-tasks.js';
import { Gate } from './gate.js';
import { deliver } from './messages.js';
import { script, ScriptedController, write } from './scripted-handlers.js';
import { TaskApplication, type Servers, type TaskApplicationOptions } from './task-application.js';

const concurrency = 5;
const queues = { work: { concurrency }, outside: { concurrency } };

/** A producer and some workers, as several services of one deployment, in this process. */
export class Fleet {
  private constructor(
    readonly servers: Servers,
    readonly producer: TaskApplication,
    readonly workers: readonly TaskApplication[],
  ) {}

  /** Every worker takes the options of its place; a producer consumes nothing. */
  static async start(
    servers: Servers,
    workers: readonly Pick<TaskApplicationOptions, 'amqpUrl' | 'databaseUrl' | 'silenceSeconds'>[] = [{}, {}],
  ): Promise<Fleet> {
    const controllers = [ScriptedController];
    const started = await Promise.all([
      TaskApplication.start(servers, { controllers, worker: 'producer' }),
      ...workers.map((options, n) =>
        TaskApplication.start(servers, { controllers, queues, worker: `worker-${n}`, ...options }),
      ),
    ]);
    const [first, ...others] = started;
    return new Fleet(servers, first, others);
  }

  /** Whether every worker has its consumers and its database. */
  async isReady(): Promise<boolean> {
    const reports = await Promise.all(this.workers.map(({ service }) => service.health.report()));
    return reports.every(({ status }) => status === 'ok');
  }

  /** Resolves to the seconds that it took. */
  async ready(): Promise<number> {
    const since = performance.now();
    await eventually(() => this.isReady(), { what: 'all workers to be ready' });
    return (performance.now() - since) / 1000;
  }

  /** Proves that as many handlers run at once as the workers have places, and not one more. */
  async expectFullConcurrency(): Promise<void> {
    await this.producer.broker.untilReady();
    const gate = new Gate();
    script.record = async ({ note }, ctx) => {
      await gate.pass();
      await write(ctx.tx, note, ctx.id);
    };
    const places = concurrency * this.workers.length;
    await Promise.all(Array.from({ length: 2 * places }, () => deliver(this.producer, Record, { note: 'gated' })));
    await eventually(() => gate.entered === places, { what: `${places} handlers at once` });
    gate.open();
    await eventually(() => gate.entered === 2 * places, { what: 'the other handlers' });
  }

  async stop(): Promise<void> {
    Gate.openAll();
    await Promise.all([this.producer, ...this.workers].map((application) => application.stop()));
  }
}
