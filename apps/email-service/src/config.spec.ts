import { queuesConsumedBy } from '@mentorhub/contracts';
import { loadEmailConfig } from './config.js';

const env = {
  DATABASE_URL: 'postgres://postgres@127.0.0.1/mentorhub',
  AMQP_URL: 'amqp://127.0.0.1',
  PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
  SMTP_URL: 'smtp://127.0.0.1?ignoreTLS=true',
  MAIL_FROM: 'MentorHub <no-reply@mentorhub.example>',
  PUBLIC_SITE_URL: 'https://mentorhub.example',
};

describe('the configuration', () => {
  it('consumes all lanes unless QUEUES says otherwise', () => {
    expect(loadEmailConfig(env).QUEUES).toEqual(queuesConsumedBy('email-service'));
    expect(loadEmailConfig({ ...env, QUEUES: 'email-bulk' }).QUEUES).toEqual(['email-bulk']);
  });

  it.each(['default', 'email,analytics', ','])('refuses QUEUES=%s and says what to set', (QUEUES) => {
    expect(() => loadEmailConfig({ ...env, QUEUES })).toThrow(
      /^QUEUES is wrong: it names .*Set QUEUES to some of email, email-bulk/,
    );
  });
});
