import { readFileSync } from 'node:fs';

/** The schemas as they are built: every variable of every service, with the default that it really has. */
const services = {
  'api-gateway': 'loadGatewayConfig',
  'email-service': 'loadEmailConfig',
  'analytics-service': 'loadAnalyticsConfig',
  'scheduler-service': 'loadSchedulerConfig',
};
const required = {
  DATABASE_URL: 'postgres://user@localhost/mentorhub',
  AMQP_URL: 'amqp://localhost/',
  PAYLOAD_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
};
const requiredOf = {
  'api-gateway': { API_KEYS: `one:${'0'.repeat(64)}` },
  'email-service': {
    SMTP_URL: 'smtp://localhost?ignoreTLS=true',
    MAIL_FROM: 'MentorHub <no-reply@mentorhub.example>',
    PUBLIC_SITE_URL: 'https://mentorhub.example',
  },
};

const page = readFileSync(new URL('policies.md', import.meta.url), 'utf8');
const documented = page
  .slice(page.indexOf('## Environment'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, variable, standard, , service]) => ({ variable: variable.replaceAll('`', ''), standard, service }));

async function configOf(service) {
  const module = await import(new URL(`../apps/${service}/dist/config.js`, import.meta.url));
  return module[services[service]]({ ...required, ...requiredOf[service] });
}

describe('The variables of docs/policies.md', () => {
  it.each(Object.keys(services))('are those of %s, with their defaults', async (service) => {
    const needed = { ...required, ...requiredOf[service] };
    const real = Object.entries(await configOf(service)).map(([variable, value]) => [
      variable,
      variable in needed ? 'required' : String(value),
    ]);
    const told = documented
      .filter((row) => row.service === 'all' || row.service === service)
      .map(({ variable, standard }) => [
        variable,
        standard
          .replace(/^required.*/, 'required')
          .replace(/^unset$/, '')
          .replaceAll('`', ''),
      ]);
    const ofProcess = ([variable]) => variable !== 'INSTANCE_NAME';
    expect(told.filter(ofProcess).sort()).toEqual(real.filter(ofProcess).sort());
  });
});
