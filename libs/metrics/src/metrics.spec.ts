import { emailMetrics, initialiseEmailLabels } from './email.js';
import { httpMetrics } from './http.js';
import { initialiseMessagingLabels } from './messaging.js';
import { setBuildInfo } from './build-info.js';
import {
  analyticsMetrics,
  metricsText,
  relayMetrics,
  scheduleMetrics,
  settlementMetrics,
  taskMetrics,
} from './index.js';
import { startDefaultMetrics } from './registry.js';
import { initialiseScheduleLabels, initialiseTaskLabels } from './tasks.js';

const contract: [name: string, type: string][] = [
  ['http_server_request_duration_seconds', 'histogram'],
  ['messaging_client_operation_duration_seconds', 'histogram'],
  ['messaging_client_sent_messages_total', 'counter'],
  ['messaging_client_consumed_messages_total', 'counter'],
  ['task_accepted_total', 'counter'],
  ['task_processed_total', 'counter'],
  ['task_run_duration_seconds', 'histogram'],
  ['task_queue_wait_seconds', 'histogram'],
  ['task_end_to_end_seconds', 'histogram'],
  ['task_inflight', 'gauge'],
  ['task_oldest_pending_age_seconds', 'gauge'],
  ['relay_due_rows', 'gauge'],
  ['relay_oldest_due_age_seconds', 'gauge'],
  ['relay_publish_total', 'counter'],
  ['relay_lateness_seconds', 'histogram'],
  ['settlement_batch_size', 'histogram'],
  ['settlement_delay_seconds', 'histogram'],
  ['task_ambiguous_total', 'counter'],
  ['task_event_loop_blocked_seconds', 'histogram'],
  ['dead_letters_total', 'counter'],
  ['delay_stranded_total', 'counter'],
  ['schedule_drift_seconds', 'histogram'],
  ['schedule_fired_total', 'counter'],
  ['schedule_missed_total', 'counter'],
  ['email_send_total', 'counter'],
  ['email_suppressed_total', 'counter'],
  ['email_send_duration_seconds', 'histogram'],
  ['analytics_ingest_lag_seconds', 'histogram'],
  ['amqp_connection_up', 'gauge'],
  ['amqp_connection_blocked', 'gauge'],
  ['amqp_channel_closed_total', 'counter'],
  ['build_info', 'gauge'],
];

const text = async () => (await metricsText()).body;

describe('the metrics contract', () => {
  it.each(contract)('has %s as a %s', async (name, type) => {
    expect(await text()).toContain(`# TYPE ${name} ${type}\n`);
  });

  it('has nothing beside the contract', async () => {
    const names = [...(await text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names.sort()).toEqual(contract.map(([name]) => name).sort());
  });

  it('is served in the text format of Prometheus', async () => {
    expect((await metricsText()).contentType).toContain('text/plain; version=0.0.4');
  });
});

describe('labels known beforehand', () => {
  it('are 0 from the start, so that the first failure is an increase', async () => {
    initialiseTaskLabels(['email.send'], ['failed', 'undecodable']);
    initialiseScheduleLabels(['cleanup']);
    initialiseEmailLabels(['verification'], ['unsubscribed']);
    initialiseMessagingLabels({ exchanges: ['tasks'], queues: ['email'] });
    for (const line of [
      'task_accepted_total{task="email.send"} 0',
      'task_processed_total{task="email.send",outcome="dead_lettered"} 0',
      'task_ambiguous_total{task="email.send",action="parked"} 0',
      'task_inflight{task="email.send"} 0',
      'task_run_duration_seconds_count{task="email.send",outcome="failed"} 0',
      'task_queue_wait_seconds_bucket{le="21600",task="email.send"} 0',
      'task_event_loop_blocked_seconds_count{task="email.send"} 0',
      'dead_letters_total{task="email.send",reason="undecodable"} 0',
      'schedule_missed_total{schedule="cleanup"} 0',
      'email_send_total{template="verification",smtp_class="timeout"} 0',
      'email_suppressed_total{template="verification",reason="unsubscribed"} 0',
      'relay_publish_total{outcome="returned"} 0',
      'messaging_client_sent_messages_total{destination="tasks",error_type=""} 0',
      'amqp_connection_up{role="consume"} 0',
      'amqp_channel_closed_total{reply_code="404"} 0',
    ])
      expect(await text()).toContain(`${line}\n`);
  });

  it('keep what was counted when they are initialised again', async () => {
    taskMetrics.queueWait.observe({ task: 'email.send' }, 0.2);
    taskMetrics.inflight.inc({ task: 'email.send' });
    emailMetrics.sent.inc({ template: 'verification', smtp_class: '2xx' });
    initialiseTaskLabels(['email.send']);
    initialiseEmailLabels(['verification']);
    expect(await text()).toContain('task_queue_wait_seconds_count{task="email.send"} 1\n');
    expect(await text()).toContain('task_inflight{task="email.send"} 1\n');
    expect(await text()).toContain('email_send_total{template="verification",smtp_class="2xx"} 1\n');
  });
});

describe('observing', () => {
  it('accepts every unlabelled and labelled metric by its own name', async () => {
    httpMetrics.requestDuration.observe({ method: 'GET', route: '/v1/tasks/:id', status_code: 200 }, 0.003);
    relayMetrics.lateness.observe(0.02);
    settlementMetrics.batchSize.observe(40);
    scheduleMetrics.drift.observe(0.4);
    analyticsMetrics.ingestLag.observe(0.3);
    expect(await text()).toContain('settlement_batch_size_bucket{le="50"} 1\n');
    expect(await text()).toContain('schedule_drift_seconds_bucket{le="0.5"} 1\n');
  });

  it('says which build runs, one at a time', async () => {
    setBuildInfo('1.0.0');
    setBuildInfo('1.1.0', 'abc');
    const lines = (await text()).split('\n').filter((line) => line.startsWith('build_info'));
    expect(lines).toEqual(['build_info{version="1.1.0",revision="abc"} 1']);
  });

  it("adds Node's own metrics once", async () => {
    startDefaultMetrics();
    startDefaultMetrics();
    expect(await text()).toContain('nodejs_eventloop_lag_seconds');
  });
});
