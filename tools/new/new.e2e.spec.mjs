import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkspaceCopy } from './testing/workspace-copy.mjs';

/** A service that was made by the command, asked over REST through the gateway. */
const endToEnd = `import { createDatabase, createVhost, eventually, migrateServices, startServices } from '@mentorhub/testing';
import { createHash } from 'node:crypto';

it('runs what REST accepts for it', async () => {
  const [database, vhost] = await Promise.all([createDatabase({ template: 'with-probes', migrate: migrateServices }), createVhost()]);
  const running = await startServices({
    names: ['api-gateway', 'analytics-service', 'probes-service'],
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
    const accepted = await ask('/v1/tasks', { task: 'probes.fill-probe', payload: {} });
    const task = await eventually(async () => {
      const seen = await ask(\`/v1/tasks/\${String(accepted['id'])}\`);
      return seen['state'] === 'succeeded' ? seen : undefined;
    }, { what: 'its success' });
    expect(task).toMatchObject({ task: 'probes.fill-probe', queue: 'probes', attempt: 1 });
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
    [['task', 'probes.fill-probe'], 'Say what the handler changes'],
    [['task', 'probes.pay', 'external'], 'When a worker dies during the call, nobody knows'],
    [['task', 'probes.send-email', 'database'], 'The contracts have a "SendEmail" already'],
    [['task', 'probes.module', 'database'], 'Its contract would be called "Module", as something else is'],
    [['task', 'probes.date', 'database'], 'Its contract would be called "Date", as something else is'],
    [['task', 'probes.fill-probe', 'database', '--', '--queue', 'nix'], 'There is no queue "nix"; there are'],
    [['task', 'probes.fill-probe', 'database', '--queue', 'email'], 'npm kept --queue for itself'],
    [['queue', 'Probes', 'email-service'], 'A queue is named in lower case'],
    [['queue', 'probes', 'nobody'], 'Say which service consumes it'],
    [['queue', 'email', 'email-service'], 'The queue "email" is there already'],
    [['queue', 'task-events', 'api-gateway'], '"task-events" is a name of the platform\'s own'],
    [['queue', 'email-calls', 'api-gateway'], '"email-calls" is a name of the platform\'s own'],
    [['task', 'email.send', 'database'], 'There is a task "email.send" already'],
    [['task', `probes.${'x'.repeat(120)}`, 'database'], 'has at most 120 characters'],
    [['task', 'probes.fill-probe', 'database', '--', '--bogus'], "Unknown option '--bogus'."],
    [['queue', 'probes', 'scheduler-service'], 'scheduler-service has no list "taskModules"'],
    [['service', 'probes'], 'A service is named <what it is about>-service'],
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
    const { status, output } = copy.new('queue', 'probes', 'analytics-service', 'accounts.request-password-reset');
    expect({ status, output }).toEqual({
      status: 1,
      output: expect.stringMatching(/Everything is as it was\. It would not work: The routes do not fit: .*"probes"/),
    });
    expect(readFileSync(routing, 'utf8')).toBe(before);
  });

  it('takes everything back when somebody interrupts it', async () => {
    const consumers = join(copy.root, 'libs/contracts/src/consumers.ts');
    const before = readFileSync(consumers, 'utf8');
    const added = join(copy.root, 'libs/contracts/src/tasks/probes.ts');
    const command = spawn(process.execPath, ['tools/new/new.mjs', 'task', 'probes.fill-probe', 'database'], {
      cwd: copy.root,
      detached: true, // a process group of its own, as a terminal makes it
    });
    let output = '';
    for (const stream of [command.stdout, command.stderr]) stream.on('data', (text) => (output += text));
    const ended = once(command, 'close');
    while (!existsSync(added) && command.exitCode === null) await pause(5);
    process.kill(-command.pid, 'SIGINT');
    const [code] = await ended;
    expect({ code, output }).toEqual({ code: 1, output: '\nStopping (SIGINT) …\nEverything is as it was.\n' });
    expect([existsSync(added), readFileSync(consumers, 'utf8') === before]).toEqual([false, true]);
  });

  it('says what it would do, and does not, with --dry-run', () => {
    const dry = copy.new('service', 'probes-service', '--', '--dry-run');
    expect(dry).toEqual({ status: 0, output: expect.stringContaining('new      apps/probes-service/src/main.ts') });
    expect(existsSync(join(copy.root, 'apps/probes-service'))).toBe(false);
  });

  it('makes a service, a queue and tasks that are built, pass all tests that look at them, and run what REST accepts', () => {
    succeeds(copy.new('service', 'probes-service'));
    succeeds(copy.new('queue', 'probes', 'probes-service'));
    succeeds(copy.new('queue', 'probe-news', 'email-service', 'email.send-probe-news'));
    succeeds(copy.new('task', 'probes.fill-probe', 'database'));
    succeeds(copy.new('task', 'probes.tell-probe', 'external', '--', '--on-ambiguous', 'again'));
    succeeds(copy.new('task', 'accounts.touch-probe', 'idempotent'));
    const greeting = ['--on-ambiguous', 'again', '--queue', 'email-bulk', '--description', 'Greets somebody.'];
    succeeds(copy.new('task', 'email.send-probe', 'external', '--', ...greeting));
    succeeds(
      copy.run('prettier', [
        '--check',
        'apps/*/src/**/*.ts',
        'apps/probes-service',
        'libs/contracts',
        '*.{md,yml,json}',
      ]),
    );
    copy.write('apps/probes-service/src/end-to-end.int.spec.ts', endToEnd);
    succeeds(
      copy.run('tsc', [
        '-b',
        ...['api-gateway', 'email-service', 'analytics-service', 'scheduler-service'].map(
          (name) => `apps/${name}/tsconfig.app.json`,
        ),
        'apps/probes-service',
      ]),
    );
    const { status, output } = copy.test(
      'apps/probes-service',
      'libs/contracts',
      'infra/docker/compose-environment',
      'docs/(policies|references)',
      'apps/email-service/src/(config|lanes|email/)',
      'apps/analytics-service/src/config',
      'apps/api-gateway/src/accounts/touch-probe',
    );
    expect(output).toMatch(/PASS.*end-to-end\.int\.spec/);
    expect({ status, output }).toEqual({ status: 0, output: expect.anything() });
  });
});
