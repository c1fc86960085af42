import { catalogue } from '@mentorhub/contracts';
import { TaskServer } from '@mentorhub/task-worker';
import { RunningEmailService } from '../test/running-email-service.js';

describe('the email service', () => {
  let email: RunningEmailService;

  beforeAll(async () => {
    email = await RunningEmailService.start();
  });
  afterAll(() => email?.stop());

  it('has handlers of those tasks, and consumers on those queues, that the contracts say', async () => {
    const told = catalogue.consumers.find((one) => one.service === 'email-service');
    const handled = [...email.service.app.get(TaskServer).getHandlers().keys()];
    expect(handled.filter((name) => catalogue.tasks.has(name)).sort()).toEqual(
      told?.tasks.map((task) => task.name).sort(),
    );
    const { checks } = await email.service.health.report();
    for (const queue of told?.queues ?? []) expect(checks[`consumer ${queue}`]).toBe('ok');
  });
});
