import { HealthChecks } from './health-checks.js';

function startedChecks(boundSeconds?: number): HealthChecks {
  const health = new HealthChecks(boundSeconds);
  health.started();
  return health;
}

describe('the readiness of a service', () => {
  it('is false while the service starts and again while it stops', async () => {
    const health = new HealthChecks();
    expect(await health.report()).toEqual({ status: 'down', checks: { service: 'down: the service is starting' } });
    health.started();
    expect((await health.report()).status).toBe('ok');
    health.stopping();
    health.started();
    expect(await health.report()).toEqual({ status: 'down', checks: { service: 'down: the service is stopping' } });
  });

  it('needs every check, and says of each what is wrong', async () => {
    const health = startedChecks();
    health.register('database', () => Promise.resolve(true));
    health.register('consumer', () => false);
    health.register('broker', () => Promise.reject(new Error('connect ECONNREFUSED')));
    expect(await health.report()).toEqual({
      status: 'down',
      checks: {
        service: 'ok',
        database: 'ok',
        consumer: 'down: the check says no',
        broker: 'down: connect ECONNREFUSED',
      },
    });
  });

  it('does not wait for a check that hangs, nor start it a second time', async () => {
    const health = startedChecks(0.02);
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    health.register('database', () => (calls++, promise));
    const reports = [await health.report(), await health.report()];
    expect(reports.map(({ checks }) => checks['database'])).toEqual(
      Array(2).fill('down: no answer within 0.02 seconds'),
    );
    expect(calls).toBe(1);
    resolve(true);
    await promise;
    await new Promise(setImmediate);
    expect((await health.report()).status).toBe('ok');
    expect(calls).toBe(2);
  });
});
