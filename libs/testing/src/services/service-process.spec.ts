import { eventually } from '../eventually.js';
import { ServiceProcess } from './service-process.js';
import { startServices } from './start-services.js';

const healthy = `
  const { createServer } = require('node:http');
  createServer((request, response) => {
    response.writeHead(request.url === '/health/ready' ? 200 : 404);
    response.end(request.url === '/metrics' ? 'a_total{task="x",outcome="ok"} 2\\na_total{task="y",outcome="ok"} 3\\n' : '{}');
  }).listen(process.env.METRICS_PORT, () => console.log('up with', process.env.GREETING, process.env.NODE_OPTIONS));
  process.on('SIGTERM', () => process.exit(7));
`;
const script = (code: string) => ({ name: 'fake', env: { GREETING: 'hello' }, nodeArguments: ['-e', code] });

describe('a service process', () => {
  it('is started, becomes ready, keeps its output and ends with its exit code', async () => {
    const service = await ServiceProcess.start(script(healthy));
    expect(service.output()).toBe('up with hello undefined\n');
    await expect(service.readiness()).resolves.toEqual({ status: 200, body: {} });
    await expect(service.stop()).resolves.toBe(7);
    await expect(service.readiness()).resolves.toEqual({ status: 0, body: undefined });
  });

  it('keeps its ports when it is restarted after a crash', async () => {
    const service = await ServiceProcess.start(script(healthy));
    const { pid, operationsUrl } = service;
    await service.kill();
    await expect(service.exited).resolves.toBeNull();
    await service.restart();
    expect(service.operationsUrl).toBe(operationsUrl);
    expect(service.pid).not.toBe(pid);
    await service.kill();
  });

  it('adds up the samples of a metric that have the labels', async () => {
    const service = await ServiceProcess.start(script(healthy));
    await expect(service.metric('a_total', { outcome: 'ok' })).resolves.toBe(5);
    await expect(service.metric('a_total', { task: 'y' })).resolves.toBe(3);
    await expect(service.metric('b_total')).resolves.toBe(0);
    await service.kill();
  });

  it('fails with the end of its log when it exits early', async () => {
    const start = ServiceProcess.start(script(`console.error('DATABASE_URL is not set.'); process.exit(1)`));
    await expect(start).rejects.toThrow(/fake exited with 1 while starting\.[^]*DATABASE_URL is not set\./);
  });

  it('fails, and is killed, when it is not ready in time', async () => {
    const never = `console.log('waiting'); setInterval(() => {}, 1000)`;
    const service = await ServiceProcess.start({ ...script(never), waitUntilReady: false, readyWithinSeconds: 0.5 });
    await eventually(() => service.output().includes('waiting'));
    await expect(service.ready()).rejects.toThrow(/Waited 0.5 s for fake to become ready[^]*waiting/);
    expect(service.running).toBe(false);
  });

  it('is killed when it ignores SIGTERM for too long', async () => {
    const service = await ServiceProcess.start(script(healthy.replace('process.exit(7)', '{}')));
    await expect(service.stop(0.2)).rejects.toThrow('fake had not ended 0.2 s after SIGTERM.');
    expect(service.running).toBe(false);
  });

  it('says to build an app that is not built', async () => {
    await expect(ServiceProcess.start({ name: 'absent', env: {} })).rejects.toThrow('run `npm run build` first');
  });

  it('takes the others with it when one of several fails', async () => {
    const starting = startServices({
      names: ['api-gateway', 'absent'],
      env: {},
      nodeArguments: ['-e', 'process.exit(3)'],
    });
    await expect(starting).rejects.toThrow('exited with 3');
  });
});
