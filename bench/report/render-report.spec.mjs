import { renderReport } from './render-report.mjs';
import { judge } from './targets.mjs';

const row = (caseName, system, value, unit = 'tasks/s', details = {}) => ({
  case: caseName,
  system,
  value,
  unit,
  rounds: [value],
  settings: {},
  details,
});

const data = {
  at: '2026-01-02T03:04:05.000Z',
  quick: true,
  machine: { cpu: 'Abacus', cores: 2, memoryGiB: 4, system: 'linux 6' },
  versions: { RabbitMQ: '3.10.8' },
  missing: [{ system: 'celery-redis', reason: 'Celery is\nnot installed.' }],
  rows: [
    row('process', 'mentorhub', 9000, 'tasks/s', { cpuMicroseconds: 55.5, rabbitmqMicroseconds: 20, walBytes: 900 }),
    row('process', 'amqplib', 10_000),
    row('process', 'bullmq', 5000),
    row('latency-1000', 'mentorhub', 20, 'ms', { p50: 2, offeredPerSecond: 1000, missing: 0 }),
    row('latency-1000', 'bullmq', 10, 'ms', { p50: 1, offeredPerSecond: 1000, missing: 0 }),
  ],
};

describe('The targets', () => {
  const found = (caseName, of) => judge(data.rows).find((target) => target.case === caseName && target.of === of);

  it('compare with another system or with a limit', () => {
    expect(found('process', 'amqplib')).toMatchObject({ found: 0.9, met: true });
    expect(found('process', 'bullmq')).toMatchObject({ found: 1.8, met: false });
    expect(found('latency-1000')).toMatchObject({ found: 20, met: true });
    expect(found('latency-1000', 'bullmq')).toMatchObject({ found: 2, met: false });
  });

  it('are neither met nor missed where something was not measured', () => {
    expect(found('enqueue-bulk', 'mentorhub-before')).toMatchObject({ found: undefined, met: undefined });
  });
});

describe('The page', () => {
  const page = renderReport(data);

  it('says when, where and with what it was measured', () => {
    expect(page).toContain('Measured 2026-01-02, a quick run');
    expect(page).toContain('RabbitMQ 3.10.8');
  });

  it('judges each target', () => {
    expect(page).toContain('| `process` | at least 2 × `bullmq` | 1.8 × | **no** |');
    expect(page).toContain('| `latency-1000` | at most 30 ms | 20 ms | yes |');
    expect(page).toContain('| `latency-1000` | at most 1 × `bullmq` | 2 × | **no** |');
    expect(page).toContain('| `enqueue-bulk` | at least 1.5 × `mentorhub-before` | – | not measured |');
  });

  it('has each figure with how much better the product is, whichever direction is good', () => {
    expect(page).toContain('| `process` | tasks/s | 9,000 | 10,000 (0.9 ×) | 5,000 (1.8 ×) |');
    expect(page).toContain('| `latency-1000` | ms | 20 | – | 10 (0.5 ×) |');
  });

  it('has what a task costs where it was measured', () => {
    expect(page).toContain('| `process` | mentorhub | 55.5 | – | 20 | – | 900 |');
  });

  it('says what is left out and why, also what is missing on this machine', () => {
    expect(page).toContain('- **celery-redis**, everything: Celery is not installed.');
    expect(page).toContain('- **bullmq**, `process-tracked`: the effect cannot commit');
  });

  it('can be made before anything was measured', () => {
    expect(renderReport({ rows: [], missing: [] })).toContain('There are no figures yet');
  });
});
