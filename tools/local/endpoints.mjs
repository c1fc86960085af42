import { renameSync, writeFileSync } from 'node:fs';
import { bold, cyan, dim, elapsed, green, say } from './progress.mjs';
import { services } from './services.mjs';

/** Everything that a person or a script may want to talk to. Keys whose server is the caller's own may be null. */
export function endpointsOf({ ports, secrets, servers }) {
  const operations = (port) => ({
    metrics: `http://127.0.0.1:${port}/metrics`,
    health: `http://127.0.0.1:${port}/health/ready`,
  });
  return {
    gateway: `http://127.0.0.1:${ports.gateway}`,
    apiKey: process.env.API_KEYS ? (process.env.API_KEY ?? null) : secrets.apiKey,
    mail: servers.mail.page ?? null,
    mailApi: servers.mail.api ?? null,
    rabbitmqManagement: servers.broker.management ?? null,
    amqp: servers.broker.amqp,
    database: servers.database.url,
    smtp: servers.mail.smtp,
    services: Object.fromEntries(services.map(({ name, metrics }) => [name, operations(ports[metrics])])),
  };
}

/** Written in one go and readable by this user alone: it holds keys and passwords. */
export function writeEndpoints(file, endpoints) {
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** What to open and what to try. */
export function announce({ gateway, mail, rabbitmqManagement: broker, database, apiKey }) {
  const row = (label, text) => text && say(`  ${label.padEnd(12)} ${text}`);
  say(`\n${green('✓')} ${bold('MentorHub Tasks is ready')} ${dim(`after ${elapsed()}`)}\n`);
  row('API', `${cyan(gateway)}  ${dim(`documentation at ${gateway}/docs`)}`);
  row('Mails', mail && cyan(mail));
  row('RabbitMQ', broker && `${cyan(broker.url)}  ${dim(`user ${broker.user}, password ${broker.password}`)}`);
  row('Database', cyan(database));
  row('All of it', '.local/endpoints.json');
  // A name of this start's own: accounts are kept, and an address has only one.
  const username = `ada-${Date.now().toString(36)}`;
  const user = JSON.stringify({ email: `${username}@example.com`, username, locale: 'en' });
  say(`\nSign somebody up, then look at the mails:\n
  curl -X POST ${gateway}/v1/users \\
    -H 'Authorization: Bearer ${apiKey ?? '<a key of API_KEYS>'}' \\
    -H 'Content-Type: application/json' \\
    -d '${user}'\n\nFor the calls in README and docs:\n\n  export GATEWAY=${gateway} API_KEY='${apiKey ?? '<a key of API_KEYS>'}'\n\nCtrl-C stops everything.\n`);
}
