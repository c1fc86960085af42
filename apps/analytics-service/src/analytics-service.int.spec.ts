import { catalogue } from '@mentorhub/contracts';
import { TaskServer } from '@mentorhub/task-worker';
import { RunningAnalytics } from '../test/running-analytics.js';

describe('the analytics service', () => {
  let analytics: RunningAnalytics;

  beforeAll(async () => {
    analytics = await RunningAnalytics.start();
  });
  afterAll(() => analytics?.stop());

  it('has handlers of those tasks, and consumers on those queues, that the contracts say', async () => {
    const told = catalogue.consumers.find((one) => one.service === 'analytics-service');
    const handled = [...analytics.service.app.get(TaskServer).getHandlers().keys()];
    expect(handled.filter((name) => catalogue.tasks.has(name)).sort()).toEqual(
      told?.tasks.map((task) => task.name).sort(),
    );
    const { checks } = await analytics.service.health.report();
    for (const queue of told?.queues ?? []) expect(checks[`consumer ${queue}`]).toBe('ok');
  });
});
