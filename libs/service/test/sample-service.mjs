import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { currentTraceHeaders, traced, withRemoteParent } from '@mentorhub/tracing';
import { baseConfig, databaseConfig, DatabaseModule, loadConfig, port, runService } from '@mentorhub/service';
import { DataSource } from 'typeorm';
import { z } from 'zod';

/** The smallest service there is; what tests do to it as a process of its own is in run-service.int.spec.ts. */
const schema = z.object({ ...baseConfig, ...databaseConfig, HTTP_PORT: port(3000) });

/** What a start may fail of, by SAMPLE_FAULT. */
const faults = {
  'a missing provider': [{ provide: 'Mailer', inject: ['Templates'], useFactory: (templates) => templates }],
  'a rejected promise': [{ provide: 'Mailer', useFactory: () => Promise.reject(new Error('no templates there')) }],
  'text that is thrown': [{ provide: 'Mailer', useFactory: () => Promise.reject('no templates there') }],
  'a promise that nobody awaits': [
    { provide: 'Mailer', useFactory: () => void Promise.reject(new Error('no templates there')) },
  ],
  'nothing left to wait for': [
    {
      provide: 'Mailer',
      useFactory: () => {
        for (const handle of process._getActiveHandles()) handle.unref();
        return new Promise(() => {});
      },
    },
  ],
};

await runService({
  name: 'sample-service',
  config: () => loadConfig(schema),
  module: (config) => ({
    module: class SampleModule {},
    providers: faults[process.env.SAMPLE_FAULT] ?? [],
    imports: [DatabaseModule.forRoot({ url: config.DATABASE_URL, applicationName: 'sample-service' })],
  }),
  httpPort: (config) => config.HTTP_PORT,
  configure: (app) => {
    const fastify = app.getHttpAdapter().getInstance();
    const dataSource = app.get(DataSource);
    fastify.get('/slow/:seconds', async (request) => {
      process.stdout.write('slow request arrived\n');
      await delay(Number(request.params.seconds) * 1000);
      return { answered: true };
    });
    fastify.get('/orders/:id', (request) => order(dataSource, request.params.id));
    fastify.get('/unhandled', () => {
      setImmediate(() => void Promise.reject(new Error('nobody catches this')));
      return {};
    });
  },
});

/** A request whose trace goes on after it: like a row that the relay publishes later. */
async function order(dataSource, id) {
  await dataSource.query('SELECT $1::text AS sample_order', [id]);
  const row = currentTraceHeaders();
  setTimeout(() => withRemoteParent({}, () => later(dataSource, row)), 1);
  return row;
}

async function later(dataSource, row) {
  await dataSource.query('SELECT 2 AS polled_outside_any_trace');
  await withRemoteParent(row, () =>
    traced('relay', { 'sample.kind': 'later' }, () => dataSource.query('SELECT 3 AS relayed')),
  );
  process.stdout.write('relayed\n');
}
