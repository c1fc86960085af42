import { Results } from './results.mjs';

describe('Results', () => {
  const settings = { seconds: 1 };
  const results = () => new Results({ quick: true });

  it('have a row per cell with the median of its rounds', () => {
    const two = results();
    two.add('process', 'bullmq', settings, { value: 100, details: { tasks: 10 } });
    two.add('process', 'bullmq', settings, { value: 200.4, details: { tasks: 30 } });
    expect(two.toJson({}).rows).toEqual([
      {
        case: 'process',
        system: 'bullmq',
        value: 150,
        unit: 'tasks/s',
        rounds: [100, 200],
        settings,
        details: { tasks: 20 },
      },
    ]);
  });

  it('leave out a round that failed and say why', () => {
    const one = results();
    one.add('process', 'bullmq', settings, { failed: 'Redis is away.' });
    one.add('process', 'bullmq', settings, { value: 100 });
    one.leaveOut('celery-redis', 'Celery is not installed.');
    const { rows, missing } = one.toJson({});
    expect(rows).toMatchObject([{ value: 100, rounds: [100] }]);
    expect(missing).toEqual([
      { case: 'process', system: 'bullmq', reason: 'Redis is away.' },
      { system: 'celery-redis', reason: 'Celery is not installed.' },
    ]);
  });
});
