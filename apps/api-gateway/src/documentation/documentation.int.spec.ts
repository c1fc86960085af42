import { startGateway, type RunningGateway } from '../../test/running-gateway.js';
import {
  AcceptedTask,
  AcceptedTasks,
  ProblemAnswer,
  ResultAnswer,
  TaskAnswer,
  TaskTypes,
  UserAnswer,
} from './answers.js';
import { operations } from './operations.js';

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
    const served = gateway.service.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    const paths = Object.keys(document.paths);
    for (const path of paths) {
      const probe = await gateway.request('PUT', path.replace('{id}', 'x'));
      for (const method of Object.keys(document.paths[path]))
        expect(probe.headers.get('allow')).toContain(method.toUpperCase());
    }
    // One line of the tree for each path that is served.
    expect(
      served.split('\n').filter((line) => /\((GET|POST)/.test(line) && !/docs|openapi|start\.js|asset/.test(line)),
    ).toHaveLength(paths.length);
  });

  it('describes bodies by the schemas that requests are checked by', async () => {
    const document = await openApi();
    const { schema } = document.paths['/v1/tasks'].post.requestBody.content['application/json'];

    expect(schema).toMatchObject({ type: 'object', required: ['task'], additionalProperties: false });
    expect(Object.keys(schema.properties)).toEqual([
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
    expect(operations.length).toBeGreaterThan(0);
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
