import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  createDatabase,
  eventually,
  freePort,
  NodeProcess,
  startTcpProxy,
  type TestDatabase,
} from '@mentorhub/testing';

/** The sample service as a process of its own, with ports that are free. */
class Sample {
  private constructor(
    private readonly process: NodeProcess,
    private readonly env: Record<string, string>,
  ) {}

  static async start(env: Record<string, string>): Promise<Sample> {
    const HTTP_PORT = String(await freePort());
    const METRICS_PORT = String(await freePort());
    const all = { HOST: '127.0.0.1', HTTP_PORT, METRICS_PORT, ...env };
    const nodeArguments = ['--conditions=@mentorhub/source', '--import', './libs/service/test/typescript-hook.mjs'];
    return new Sample(new NodeProcess('sample', [...nodeArguments, 'libs/service/test/sample-service.mjs'], all), all);
  }

  get exited() {
    return this.process.exited;
  }
  get output() {
    return this.process.output();
  }
  signal(signal: NodeJS.Signals) {
    this.process.signal(signal);
  }
  request(path: string) {
    return fetch(`http://127.0.0.1:${this.env['HTTP_PORT']}${path}`);
  }
  async status(path: string): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.env['METRICS_PORT']}${path}`)).status;
  }
  async ready(): Promise<this> {
    await eventually(async () => (await this.status('/health/ready')) === 200, { what: `ready\n${this.output}` });
    return this;
  }
  async says(text: string): Promise<void> {
    await eventually(() => this.output.includes(text), { what: `"${text}" in the output` });
  }
}

describe('a service process', () => {
  let database: TestDatabase;
  const running: Sample[] = [];
  const start = async (env: Record<string, string> = {}) => {
    const sample = await Sample.start({ DATABASE_URL: database.url, ...env });
    running.push(sample);
    return sample;
  };

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(async () => {
    for (const sample of running) sample.signal('SIGKILL');
    await Promise.all(running.map((sample) => sample.exited));
    await database.remove();
  });

  it('D38: ends with 1 and one sentence per variable when its environment is wrong', async () => {
    const sample = await start({ DATABASE_URL: '', METRICS_PORT: 'ninety' });
    expect(await sample.exited).toBe(1);
    expect(sample.output).toBe(
      'METRICS_PORT is wrong: it must be a whole number from 0 to 65535. Set METRICS_PORT to a free port between 1 and 65535.\n' +
        'DATABASE_URL is not set. Set DATABASE_URL to a URL such as postgres://user:password@localhost:5432/mentorhub.\n',
    );
  });

  it.each([
    ['a missing provider', /Nest can't resolve dependencies of the Mailer \(\?\)[^]*Templates/],
    ['a rejected promise', /^The service cannot go on: Error: no templates there\n/m],
    ['text that is thrown', /^The service cannot go on: no templates there\n/m],
    ['a promise that nobody awaits', /"err":\{"type":"Error","message":"no templates there"/],
    [
      'nothing left to wait for',
      /^sample-service ends, since it waits for something that nothing is left to bring about\.\n/m,
    ],
  ])('ends with 1 and says why when its start fails of %s', async (SAMPLE_FAULT, sentence) => {
    const sample = await start({ SAMPLE_FAULT });
    expect(await sample.exited).toBe(1);
    expect(sample.output).toMatch(sentence);
  });

  it('says why it ends also when its log is silent', async () => {
    const sample = await start({ SAMPLE_FAULT: 'a promise that nobody awaits', LOG_LEVEL: 'silent' });
    expect(await sample.exited).toBe(1);
    expect(sample.output).toMatch(/^The service cannot go on: Error: no templates there\n/);
  });

  it.each(['HTTP_PORT', 'METRICS_PORT'])('D38: ends with 1 and one sentence when %s is taken', async (variable) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const sample = await start({ [variable]: String(port) });
    expect(await sample.exited).toBe(1);
    taken.close();
    const lines = sample.output.trim().split('\n');
    expect(lines.at(-1)).toBe(
      `${variable} is wrong: something listens on 127.0.0.1:${port} already, maybe another copy of this service. Set ${variable} to a free port.`,
    );
    expect(lines.slice(0, -1).filter((line) => !line.startsWith('{"level":"info"'))).toEqual([]);
  });

  it('D38: ends with 1 and one sentence when PostgreSQL refuses its password', async () => {
    const url = new URL(database.url);
    url.password = 'wr0ng';
    const sample = await start({ DATABASE_URL: url.href });
    expect(await sample.exited).toBe(1);
    expect(sample.output).toMatch(
      /^DATABASE_URL is wrong: PostgreSQL at \S+ refused the password of user "\w+"\. Set DATABASE_URL to the right user and password\.\n$/,
    );
  });

  it('D37, D38: is alive and not ready while PostgreSQL is away, then works', async () => {
    const proxy = await startTcpProxy(database.url);
    await proxy.refuse();
    const sample = await start({ DATABASE_URL: proxy.url });
    await sample.says('Waiting for PostgreSQL');
    expect(await sample.status('/health/live')).toBe(200);
    expect(await sample.status('/health/ready')).toBe(503);
    await proxy.resume();
    await sample.ready();
    expect((await sample.request('/slow/0')).status).toBe(200);
    sample.signal('SIGTERM');
    expect(await sample.exited).toBe(0);
    await proxy.close();
  });

  it('can be stopped while it waits for PostgreSQL', async () => {
    const proxy = await startTcpProxy(database.url);
    await proxy.refuse();
    const sample = await start({ DATABASE_URL: proxy.url });
    await sample.says('Waiting for PostgreSQL');
    sample.signal('SIGTERM');
    expect(await sample.exited).toBe(0);
    await proxy.close();
  });

  it('answers what it has begun before it ends with 0 after SIGTERM, and is not ready meanwhile', async () => {
    const sample = await (await start()).ready();
    const answer = sample.request('/slow/0.5');
    await sample.says('slow request arrived');
    sample.signal('SIGTERM');
    await eventually(async () => (await sample.status('/health/ready')) === 503, { intervalMilliseconds: 5 });
    expect((await answer).status).toBe(200);
    expect(await sample.exited).toBe(0);
    expect(sample.output).toContain('"msg":"Stopped."');
  });

  it('ends with 1 when stopping takes longer than it may', async () => {
    const sample = await (await start({ SHUTDOWN_SECONDS: '1' })).ready();
    const answer = sample.request('/slow/30').catch(() => 'broken');
    await sample.says('slow request arrived');
    sample.signal('SIGTERM');
    expect(await sample.exited).toBe(1);
    expect(sample.output).toContain('Stopping took longer than 1 seconds');
    expect(await answer).toBe('broken');
  });

  it('ends at once with 1 at a second signal', async () => {
    const sample = await (await start()).ready();
    const answer = sample.request('/slow/30').catch(() => 'broken');
    await sample.says('slow request arrived');
    sample.signal('SIGINT');
    await sample.says('Stopping because of SIGINT');
    sample.signal('SIGINT');
    expect(await sample.exited).toBe(1);
    expect(await answer).toBe('broken');
  });

  it('ends with 1 and says why when an error is not handled', async () => {
    const sample = await (await start()).ready();
    await sample.request('/unhandled').catch(() => undefined);
    expect(await sample.exited).toBe(1);
    expect(sample.output).toContain('"level":"fatal"');
    expect(sample.output).toContain('nobody catches this');
  });
});
