import { randomBytes } from 'node:crypto';
import { startDisposableInfrastructure } from './private-infrastructure.mjs';
import { describeRabbitMq } from './rabbitmq-binaries.mjs';

/**
 * Before any test: a RabbitMQ, a PostgreSQL and a mail catcher of this run's own, announced to the tests in TEST_*
 * variables. With the URLs set by the caller nothing is started, so that one may test against servers of one's own.
 */
export default async function startTestInfrastructure() {
  if (process.env.TEST_AMQP_URL && process.env.TEST_DATABASE_URL && process.env.TEST_SMTP_URL) return;
  // Jest leaves on a signal without a teardown; `exit` runs the hook that ends the servers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const started = Date.now();
  const infrastructure = await startDisposableInfrastructure({ say: (line) => console.error(line) });
  announce(infrastructure);
  globalThis.mentorhubTestInfrastructure = infrastructure;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const rabbitmq = describeRabbitMq(infrastructure.rabbitmq);
  console.error(`RabbitMQ (${rabbitmq}), PostgreSQL and a mail catcher for the tests are ready after ${seconds} s.`);
}

function announce({ directory, rabbitmq, postgres, mail }) {
  Object.assign(process.env, {
    // Jest's workers share what one of them has prepared for this run, such as template databases.
    TEST_RUN_ID: randomBytes(4).toString('hex'),
    // Servers that a test starts for itself live in there, so that they end with the run whatever becomes of the test.
    TEST_SERVERS_DIRECTORY: directory,
    TEST_AMQP_URL: rabbitmq.amqpUrl,
    TEST_RABBITMQ_MANAGEMENT_URL: rabbitmq.managementUrlWithCredentials,
    TEST_RABBITMQ_PROMETHEUS_URL: rabbitmq.prometheusUrl,
    TEST_DATABASE_URL: postgres.url,
    TEST_SMTP_URL: mail.smtpUrl,
    TEST_MAIL_API_URL: mail.apiUrl,
  });
}
