import { ConfigError } from '../config/config-error.js';
import { HealthChecks } from './health-checks.js';
import { OperationsServer } from './operations-server.js';

describe('the operations port', () => {
  const health = new HealthChecks();
  const server = new OperationsServer(health);
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method });

  beforeAll(() => server.listen('127.0.0.1', 0));
  afterAll(() => server.close());

  it('serves the metrics as text for Prometheus', async () => {
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('# TYPE http_server_request_duration_seconds histogram');
  });

  it('answers that the process lives whatever else is down', async () => {
    health.register('database', () => false);
    expect((await get('/health/live')).status).toBe(200);
  });

  it('answers 503 and says why until everything is well, then 200', async () => {
    health.register('database', () => false);
    const before = await get('/health/ready');
    expect(before.status).toBe(503);
    expect(await before.json()).toMatchObject({ status: 'down', checks: { database: 'down: the check says no' } });
    health.register('database', () => true);
    health.started();
    const after = await get('/health/ready?verbose');
    expect(after.status).toBe(200);
    expect(await after.json()).toEqual({ status: 'ok', checks: { service: 'ok', database: 'ok' } });
  });

  it('has nothing else and changes nothing', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/health/ready', 'POST')).status).toBe(405);
  });

  it('says in one sentence that its port is taken', async () => {
    const second = new OperationsServer(health);
    const refused = second.listen('127.0.0.1', server.port);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow('Set METRICS_PORT to a free port.');
    await expect(second.listen('192.0.2.1', 0)).rejects.toThrow(
      'HOST is wrong: this machine has no address "192.0.2.1" to listen on.',
    );
    await second.close();
  });
});
