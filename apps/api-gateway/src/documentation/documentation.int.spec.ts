import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { catalogue } from '@mentorhub/contracts';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import type { FastifyInstance } from 'fastify';
import { apiKey, startGateway, type RunningGateway } from '../../test/running-gateway.js';
import { UserAnswer } from '../accounts/answers.js';
import { ProblemAnswer } from '../problems/answers.js';
import { AcceptedTask, AcceptedTasks, ResultAnswer, TaskAnswer, TaskTypes } from '../tasks/answers.js';
import { DocumentedRoutes } from './documented-routes.js';

const task = { task: 'email.send', payload: { to: 'ann@example.com', subject: 'Hello', content: 'Hello Ann' } };

describe('the documentation', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const get = (path: string) => fetch(`${gateway.url}${path}`);
  const openApi = async () =>
    (await gateway.request('GET', '/docs/openapi.json', undefined, { authorization: '' })).json;

  it('is an OpenAPI 3.1 document of every route, and of no other', async () => {
    const document = await openApi();

    expect(document.openapi).toBe('3.1.0');
    const fastify: FastifyInstance = gateway.service.app.getHttpAdapter().getInstance();
    const paths = Object.keys(document.paths);
    for (const path of paths) {
      const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
      const served = methods.filter((method) => fastify.hasRoute({ method: method.toUpperCase(), url }));
      expect([path, served]).toEqual([path, methods.filter((method) => method in document.paths[path])]);
    }
    // One line of the tree for each path that is served.
    expect(
      fastify
        .printRoutes({ commonPrefix: false })
        .split('\n')
        .filter((line) => /\((GET|POST)/.test(line) && !/docs|openapi|start\.js|asset/.test(line)),
    ).toHaveLength(paths.length);
  });

  it('describes bodies by the schemas that requests are checked by', async () => {
    const document = await openApi();
    const { schema } = document.paths['/v1/tasks'].post.requestBody.content['application/json'];

    expect(schema).toEqual({ $ref: '#/components/schemas/TaskRequest' });
    const ofSend = document.components.schemas['TaskRequest.email.send'];
    expect(ofSend).toMatchObject({ type: 'object', required: ['task', 'payload'], additionalProperties: false });
    expect(Object.keys(ofSend.properties)).toEqual([
      'task',
      'payload',
      'eta',
      'countdown',
      'expires',
      'retry',
      'queue',
    ]);
    expect(document.paths['/v1/users'].post.security).toEqual([{ key: [] }]);
    expect(document.paths['/v1/password-resets'].post.security).toEqual([]);
  });

  it('describes the answers as they are', async () => {
    const accepted = await gateway.request('POST', '/v1/tasks', task);
    AcceptedTask.parse(accepted.json);
    AcceptedTasks.parse((await gateway.request('POST', '/v1/tasks/bulk', { tasks: [task] })).json);
    TaskAnswer.parse((await gateway.request('GET', `/v1/tasks/${accepted.json.id}`)).json);
    ResultAnswer.parse((await gateway.request('GET', `/v1/tasks/${accepted.json.id}/result`)).json);
    TaskTypes.parse((await gateway.request('GET', '/v1/task-types')).json);
    UserAnswer.parse((await gateway.request('POST', '/v1/users', { email: 'ann@example.com', username: 'ann' })).json);
    ProblemAnswer.parse((await gateway.request('POST', '/v1/tasks', { task: 'email.sent' })).json);
  });

  it('knows the payload of each task', async () => {
    const { schemas } = (await openApi()).components;
    for (const request of ['TaskRequest', 'NewSchedule']) {
      const { mapping } = schemas[request].discriminator;
      expect(Object.keys(mapping).sort()).toEqual([...catalogue.tasks.keys()].sort());
      for (const name of Object.keys(mapping)) expect(schemas[`${request}.${name}`].properties.task.const).toBe(name);
    }
    expect(schemas['NewSchedule.email.send'].properties.payload.required).toEqual(['to', 'subject', 'content']);
  });

  it('tells numbers of a query as numbers', async () => {
    const { paths } = await openApi();
    const schemaOf = (path: string, named: string) =>
      paths[path].get.parameters.find(({ name }: { name: string }) => name === named).schema;
    expect(schemaOf('/v1/sessions', 'limit')).toEqual({ type: 'integer', minimum: 1, maximum: 200, default: 50 });
    expect(schemaOf('/v1/tasks/{id}/result', 'wait')).toEqual({ type: 'number', minimum: 0, maximum: 60, default: 0 });
  });

  it('has an example of every body, which fits', () => {
    const routes = gateway.service.app.get(DocumentedRoutes).all();
    expect(routes.filter(({ body, example }) => body && example === undefined)).toEqual([]);
    for (const { id, body, example } of routes)
      if (body) expect({ id, ...body.safeParse(example) }).toMatchObject({ id, success: true });
  });

  it('has nothing that a linter minds', async () => {
    // What it says of licences concerns what is published.
    const config = await createConfig({ extends: ['recommended'], rules: { 'info-license': 'off' } });
    const problems = await lintFromString({ source: JSON.stringify(await openApi()), config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  it('makes a client that compiles, knows which payload belongs to which task, and calls', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mentorhub-client-'));
    const inDirectory = (name: string) => join(directory, name);
    try {
      await writeFile(inDirectory('openapi.json'), JSON.stringify(await openApi()));
      await writeFile(inDirectory('package.json'), '{}');
      await writeFile(inDirectory('use.ts'), useOfClient(gateway.url));
      const files = ['--input', inDirectory('openapi.json'), '--output', inDirectory('client')];
      await inNode(join(nodeModules, '@hey-api/openapi-ts/bin/run.js'), ...files, '--no-log-file');
      const options = [
        '--ignoreConfig',
        '--strict',
        '--skipLibCheck',
        '--types',
        'node',
        '--typeRoots',
        join(nodeModules, '@types'),
      ];
      const target = ['--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,dom,dom.iterable'];
      await inNode(join(nodeModules, 'typescript/bin/tsc'), ...options, ...target, inDirectory('use.ts'));
      expect(JSON.parse(await inNode(inDirectory('use.js')))).toEqual({
        created: 'queued',
        read: 'queued',
        refused: 422,
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('is a page that needs nothing from elsewhere', async () => {
    const page = await get('/docs');
    const html = await page.text();

    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).not.toMatch(/https?:/);
    for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g))
      expect((await get(String(path))).status).toBe(200);
    expect((await get('/docs/package.json')).status).toBe(404);
    expect((await get('/docs/..%2Fpackage.json')).status).toBe(404);
  });
});

const methods = ['get', 'put', 'post', 'delete', 'patch'];
const nodeModules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/** What somebody writes who has generated a client. */
const useOfClient = (baseUrl: string) => `
  import { client } from './client/client.gen';
  import { createTask, readTask } from './client';

  client.setConfig({ baseUrl: '${baseUrl}', auth: '${apiKey}' });

  async function use() {
    const created = await createTask({ body: { task: 'email.send', payload: ${JSON.stringify(task.payload)} } });
    const read = await readTask({ path: { id: created.data!.id } });
    // @ts-expect-error -- the subject is missing
    const refused = await createTask({ body: { task: 'email.send', payload: { to: 'ann@example.com', content: '' } } });
    // The test reads it.
    console.log(JSON.stringify({ created: created.data?.state, read: read.data?.state, refused: refused.error?.status }));
  }
  void use();
`;

async function inNode(...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, [...args])).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${args[0]} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}
