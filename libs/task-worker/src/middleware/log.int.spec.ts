import { eventually, startOtlpReceiver, type OtlpReceiver, type ServiceProcess } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Brief, Call, Record } from '../../test/example-tasks.js';
import { deliver } from '../../test/messages.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { startWorker, workerKeys } from '../../test/worker.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traced = { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } };

describe('The log of a worker', () => {
  let servers: Servers;
  let producer: TaskApplication;
  let otlp: OtlpReceiver;
  let worker: ServiceProcess;

  beforeAll(async () => {
    [servers, otlp] = await Promise.all([createServers(), startOtlpReceiver()]);
    producer = await TaskApplication.start(servers, { payloadKeys: workerKeys });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
    worker = await startWorker(servers, { program: 'failing-worker.ts', env });
  });

  afterAll(async () => {
    await worker?.kill();
    await producer?.stop();
    await otlp?.close();
    await servers?.remove();
  });

  const lines = () =>
    worker
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as { msg: string; task_id?: string });
  /** The line that says this about the task. */
  const line = (id: string, msg: string) =>
    eventually(() => lines().find((one) => one.task_id === id && one.msg.startsWith(msg)), {
      what: `a line "${msg}" of task ${id} in\n${worker.output()}`,
    });

  it('says of an attempt that failed why, which it was, and when the next one comes', async () => {
    const retry = { maxRetries: 1, delaySeconds: 1, jitter: 'none' as const };
    const { id } = await producer.tasks.enqueue(Record, { note: '5 roubles' }, { retry });
    const about = { task_id: id, task: 'ledger.record', run: 1, queue: 'work' };
    const error = { name: 'CardDeclined', message: 'The bank refused 5 roubles.' };
    const retried = await line(id, 'Task attempt failed; it is tried again.');
    expect(retried).toMatchObject({
      ...about,
      level: 'warn',
      outcome: 'retrying',
      attempt: 1,
      next_attempt: 2,
      retry_in_seconds: 1,
      next_try_at: expect.stringMatching(/^\d{4}-.*Z$/),
      error: { ...error, stack: expect.stringContaining('failing-worker.ts') },
    });
    expect(await line(id, 'Task failed; its message is parked.')).toMatchObject({
      ...about,
      level: 'error',
      outcome: 'failed',
      reason: 'failed',
      attempt: 2,
      error,
    });
  });

  it('says it with the trace that the message came with', async () => {
    const id = await deliver(producer, Record, { note: 'traced' }, traced);
    expect(await line(id, 'Task failed')).toMatchObject({ trace_id: traceId, error: { name: 'CardDeclined' } });
  });

  it('B21: says of a message that cannot be read why, and which task and trace it was of', async () => {
    const id = await deliver(producer, Record, { note: 7 }, traced);
    expect(await line(id, 'A message was parked: ')).toMatchObject({
      level: 'error',
      outcome: 'unreadable',
      reason: 'invalid-payload',
      queue: 'work',
      message_id: id,
      task: 'ledger.record',
      run: 1,
      attempt: 1,
      trace_id: traceId,
      error: { name: 'UnreadableMessage', message: expect.stringContaining('note: Invalid input') },
    });
  });

  it('B15: says of an attempt that is cut short which it was, and then how it failed', async () => {
    const id = await deliver(producer, Brief, { note: 'slow' }, traced);
    const error = { name: 'HardLimitError', message: expect.stringContaining('hard time limit of 1 s') };
    const about = { task: 'ledger.brief', attempt: 1, trace_id: traceId, error };
    expect(await line(id, 'The attempt is cut short: ')).toMatchObject(about);
    expect(await line(id, 'Task attempt failed; it is tried again.')).toMatchObject(about);
  });

  it('says why the runtime itself could not decide a task', async () => {
    const { database } = servers;
    await database.query('ALTER TABLE tasks.inbox RENAME TO inbox_away');
    const id = await deliver(producer, Record, { note: 'undecided' }, traced);
    const told = await line(id, 'The task could not be decided and is tried again; no attempt was spent.');
    await database.query('ALTER TABLE tasks.inbox_away RENAME TO inbox');
    expect(told).toMatchObject({
      outcome: 'fault',
      task: 'ledger.record',
      attempt: 1,
      trace_id: traceId,
      err: { message: expect.stringContaining('"tasks.inbox" does not exist') },
    });
  });

  it('G55: leaves out what is sensitive in the payload, in the log as in the history', async () => {
    const secret = randomUUID();
    const { id } = await producer.tasks.enqueue(Call, { note: 'pay', secret });
    const message = 'https://bank.example/pay?card=[redacted] did not answer.';
    expect(await line(id, 'Task failed')).toMatchObject({ error: { name: 'CardDeclined', message } });
    expect(await producer.failed(id)).toMatchObject({ message });
    expect(worker.output()).not.toContain(secret);
  });

  it('never says only that something was an object', () => {
    expect(worker.output()).not.toContain('[object');
  });
});
