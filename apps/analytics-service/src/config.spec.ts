import { queuesConsumedBy } from '@mentorhub/contracts';
import { loadAnalyticsConfig } from './config.js';

const env = {
  DATABASE_URL: 'postgres://postgres@127.0.0.1/mentorhub',
  AMQP_URL: 'amqp://127.0.0.1',
  PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
};

describe('the configuration', () => {
  it('consumes every queue of the service unless QUEUES says otherwise', () => {
    const others = ['analytics-events', 'task-events', 'dead-letters'];
    expect(loadAnalyticsConfig(env).QUEUES).toEqual([...queuesConsumedBy('analytics-service'), ...others]);
    expect(loadAnalyticsConfig({ ...env, QUEUES: 'task-events' }).QUEUES).toEqual(['task-events']);
  });

  it.each(['email', 'task-events,email', ','])('refuses QUEUES=%s and says what to set', (QUEUES) => {
    expect(() => loadAnalyticsConfig({ ...env, QUEUES })).toThrow(
      /^QUEUES is wrong: it names .*Set QUEUES to some of analytics, (.*, )?analytics-events, task-events, dead-letters/,
    );
  });

  it('sends digests to nobody unless ADMIN_EMAILS names somebody, and to each once', () => {
    expect(loadAnalyticsConfig(env).ADMIN_EMAILS).toEqual([]);
    const named = loadAnalyticsConfig({ ...env, ADMIN_EMAILS: 'ann@example.org, bob@example.org,ann@example.org' });
    expect(named.ADMIN_EMAILS).toEqual(['ann@example.org', 'bob@example.org']);
  });

  it('refuses ADMIN_EMAILS with something else in it, without repeating it', () => {
    const refused = () => loadAnalyticsConfig({ ...env, ADMIN_EMAILS: 'ann@example.org,secret' });
    expect(refused).toThrow(
      /^ADMIN_EMAILS is wrong: it names something that is no e-mail address\. Set ADMIN_EMAILS to/,
    );
    expect(refused).not.toThrow(/secret/);
  });
});
