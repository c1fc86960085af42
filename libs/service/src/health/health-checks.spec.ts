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
    health.register('queue', () => Promise.resolve('The queue is gone.'));
    const ofBothAddresses = ['::1', '127.0.0.1'].map((address) => new Error(`connect ECONNREFUSED ${address}`));
    health.register('twice', () => Promise.reject(new AggregateError(ofBothAddresses)));
    expect(await health.report()).toEqual({
      status: 'down',
      checks: {
        service: 'ok',
        database: 'ok',
        consumer: 'down: the check says no',
        broker: 'down: connect ECONNREFUSED',
        queue: 'down: The queue is gone.',
        twice: 'down: connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1',
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
