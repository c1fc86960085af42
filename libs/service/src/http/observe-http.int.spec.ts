import { httpMetrics } from '@mentorhub/metrics';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Controller, Get, HttpCode, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { eventually } from '@mentorhub/testing';
import { createLogger } from '../logging/create-logger.js';
import { observeHttp } from './observe-http.js';

@Controller('tasks')
class TasksController {
  @Get(':id')
  @HttpCode(202)
  find(@Param('id') id: string) {
    return { id };
  }
}

@Module({ controllers: [TasksController] })
class TasksModule {}

describe('observing HTTP requests', () => {
  let app: NestFastifyApplication;
  let url: string;
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
    app = await NestFactory.create<NestFastifyApplication>(TasksModule, new FastifyAdapter(), { logger: false });
    app.setGlobalPrefix('v1');
    observeHttp(app, createLogger('sample', { LOG_LEVEL: 'info', LOG_PRETTY: false }, { write }));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  const measured = async () => {
    const { values } = await httpMetrics.requestDuration.get();
    const counts = values.filter(({ metricName }) => metricName === 'http_server_request_duration_seconds_count');
    return counts.map(({ labels, value }) => ({ ...labels, value }));
  };

  it('labels by the template of the route, never by the path', async () => {
    await fetch(`${url}/v1/tasks/4711?token=s3cret`);
    await fetch(`${url}/v1/tasks/4712`);
    await fetch(`${url}/v1/nowhere/s3cret`);
    await eventually(() => lines.length === 3, { what: 'three lines' });
    expect(await measured()).toEqual([
      { method: 'GET', route: '/v1/tasks/:id', status_code: 202, value: 2 },
      { method: 'GET', route: 'unmatched', status_code: 404, value: 1 },
    ]);
  });

  it('logs method, template, status and duration, and nothing that the client wrote', () => {
    expect(lines[0]).toMatchObject({ method: 'GET', route: '/v1/tasks/:id', status: 202, seconds: expect.any(Number) });
    expect(JSON.stringify(lines)).not.toMatch(/4711|s3cret/);
  });
});
