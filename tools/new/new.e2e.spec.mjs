import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkspaceCopy } from './testing/workspace-copy.mjs';

/** A service that was made by the command, asked over REST through the gateway. */
const endToEnd = `import { createDatabase, createVhost, eventually, migrateServices, startServices } from '@mentorhub/testing';
import { createHash } from 'node:crypto';

it('runs what REST accepts for it', async () => {
  const [database, vhost] = await Promise.all([createDatabase({ template: 'with-reports', migrate: migrateServices }), createVhost()]);
  const running = await startServices({
    names: ['api-gateway', 'analytics-service', 'reports-service'],
    env: {
      DATABASE_URL: database.url,
      AMQP_URL: vhost.amqpUrl,
      API_KEYS: \`tests:\${createHash('sha256').update('key').digest('hex')}\`,
      PAYLOAD_KEYS: \`a:\${Buffer.alloc(32, 7).toString('base64')}\`,
    },
    readyWithinSeconds: 500,
  });
  const ask = async (path: string, body?: unknown) => {
    const headers = { authorization: 'Bearer key', 'content-type': 'application/json' };
    const sent = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    return (await (await fetch(\`\${running.services['api-gateway'].httpUrl}\${path}\`, sent)).json()) as Record<string, unknown>;
  };
  try {
    const accepted = await ask('/v1/tasks', { task: 'reports.render-month', payload: {} });
    const task = await eventually(async () => {
      const seen = await ask(\`/v1/tasks/\${String(accepted['id'])}\`);
      return seen['state'] === 'succeeded' ? seen : undefined;
    }, { what: 'its success' });
    expect(task).toMatchObject({ task: 'reports.render-month', queue: 'reports', attempt: 1 });
  } finally {
    await running.stop();
    await Promise.all([database.remove(), vhost.remove()]);
  }
});
`;

describe('npm run new', () => {
  let copy;

  beforeAll(() => {
    copy = new WorkspaceCopy();
  });
  afterAll(() => copy?.remove());

  const succeeds = ({ status, output }) => {
    if (status !== 0) throw new Error(`It exited with ${status}:\n${output}`);
  };

  it.each([
    [['task', 'Render'], 'A task is named <domain>.<verb-object> in lower case'],
    [['task', 'reports.render-month'], 'Say what the handler changes'],
    [['task', 'reports.pay', 'external'], 'When a worker dies during the call, nobody knows'],
    [['task', 'reports.send-email', 'database'], 'The contracts have a "SendEmail" already'],
    [['task', 'reports.render-month', 'database', '--', '--queue', 'nix'], 'There is no queue "nix"; there are'],
    [['task', 'reports.render-month', 'database', '--queue', 'email'], 'npm kept --queue for itself'],
    [['queue', 'Reports', 'email-service'], 'A queue is named in lower case'],
    [['queue', 'reports', 'nobody'], 'Say which service consumes it'],
    [['queue', 'email', 'email-service'], 'The queue "email" is there already'],
    [['queue', 'reports', 'scheduler-service'], 'scheduler-service has no list "taskModules"'],
    [['service', 'reports'], 'A service is named <what it is about>-service'],
    [['service', 'email-service'], 'apps/email-service is there already'],
    [['world'], 'There is no "world" to be made'],
    [[], 'npm run new task <domain>.<verb-object> <effects>'],
  ])('refuses %j with a sentence', (words, sentence) => {
    const { status, output } = copy.new(...words);
    expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining(sentence) });
  });

  it('takes everything back when the contracts would not work', () => {
    const routing = join(copy.root, 'libs/contracts/src/routing.ts');
    const before = readFileSync(routing, 'utf8');
    const { status, output } = copy.new('queue', 'reports', 'analytics-service', 'accounts.request-password-reset');
    expect({ status, output }).toEqual({
      status: 1,
      output: expect.stringMatching(/Everything is as it was\. It would not work: The routes do not fit: .*"reports"/),
    });
    expect(readFileSync(routing, 'utf8')).toBe(before);
  });

  it('says what it would do, and does not, with --dry-run', () => {
    const dry = copy.new('service', 'reports-service', '--', '--dry-run');
    expect(dry).toEqual({ status: 0, output: expect.stringContaining('new      apps/reports-service/src/main.ts') });
    expect(existsSync(join(copy.root, 'apps/reports-service'))).toBe(false);
  });

  it('makes a service, a queue and tasks that are built, pass all tests that look at them, and run what REST accepts', () => {
    succeeds(copy.new('service', 'reports-service'));
    succeeds(copy.new('queue', 'reports', 'reports-service'));
    succeeds(copy.new('queue', 'newsletters', 'email-service', 'email.send-newsletter'));
    succeeds(copy.new('task', 'reports.render-month', 'database'));
    succeeds(copy.new('task', 'reports.notify-month', 'external', '--', '--on-ambiguous', 'again'));
    succeeds(copy.new('task', 'accounts.refresh-avatar', 'idempotent'));
    const greeting = ['--on-ambiguous', 'again', '--queue', 'email-bulk', '--description', 'Greets somebody.'];
    succeeds(copy.new('task', 'email.send-greeting', 'external', '--', ...greeting));
    succeeds(
      copy.run('prettier', [
        '--check',
        'apps/*/src/**/*.ts',
        'apps/reports-service',
        'libs/contracts',
        '*.{md,yml,json}',
      ]),
    );
    copy.write('apps/reports-service/src/end-to-end.int.spec.ts', endToEnd);
    succeeds(
      copy.run('tsc', [
        '-b',
        ...['api-gateway', 'email-service', 'analytics-service', 'scheduler-service'].map(
          (name) => `apps/${name}/tsconfig.app.json`,
        ),
        'apps/reports-service',
      ]),
    );
    const { status, output } = copy.test(
      'apps/reports-service',
      'libs/contracts',
      'infra/docker/compose-environment',
      'docs/(policies|references)',
      'apps/email-service/src/(config|lanes|email/)',
      'apps/analytics-service/src/config',
      'apps/api-gateway/src/accounts/refresh-avatar',
    );
    expect(output).toMatch(/PASS.*end-to-end\.int\.spec/);
    expect({ status, output }).toEqual({ status: 0, output: expect.anything() });
  });
});
