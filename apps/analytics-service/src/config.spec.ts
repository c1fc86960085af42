import { loadAnalyticsConfig } from './config.js';

const env = {
  DATABASE_URL: 'postgres://postgres@127.0.0.1/mentorhub',
  AMQP_URL: 'amqp://127.0.0.1',
  PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
};

describe('the configuration', () => {
  it('consumes every queue of the service unless QUEUES says otherwise', () => {
    expect(loadAnalyticsConfig(env).QUEUES).toEqual(['analytics-events', 'task-events', 'dead-letters']);
    expect(loadAnalyticsConfig({ ...env, QUEUES: 'task-events' }).QUEUES).toEqual(['task-events']);
  });

  it.each(['email', 'task-events,email', ','])('refuses QUEUES=%s and says what to set', (QUEUES) => {
    expect(() => loadAnalyticsConfig({ ...env, QUEUES })).toThrow(
      /^QUEUES is wrong: it names .*Set QUEUES to some of analytics-events, task-events, dead-letters/,
    );
  });
});
