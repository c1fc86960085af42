import type { Delivery, MessagePublisher } from '@mentorhub/messaging';
import { createLogger } from '@mentorhub/service';
import type { TaskStore } from '@mentorhub/task-store';
import type { Settlement } from '../settlement/settlement.js';
import type { Outcome } from './outcome.js';
import { OutcomeSettler } from './settle-outcome.js';

describe('What has not begun when its process stops', () => {
  const outcomes: Outcome[] = [
    { kind: 'postponed', seconds: 3 },
    { kind: 'busy' },
    { kind: 'stranded', seconds: 1, times: 1 },
    { kind: 'fault', error: new Error('hindered') },
  ];

  it.each(outcomes)('goes back to its queue while the broker takes nothing: $kind', async (outcome) => {
    const told: string[] = [];
    const delivery = {
      queue: 'work',
      headers: {},
      body: Buffer.from('{}'),
      channelOpen: true,
      ack: () => told.push('acked'),
      handBack: () => told.push('handed back'),
    } as unknown as Delivery;
    const settler = new OutcomeSettler({
      publisher: { ready: false, publish: () => new Promise(() => undefined) } as unknown as MessagePublisher,
      store: {} as TaskStore,
      settlement: {} as Settlement,
      deadLetterExchange: 'dead-letters',
      worker: 'test',
      logger: createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false }),
      stopping: () => true,
    });
    await settler.settle(delivery, outcome);
    expect(told).toEqual(['handed back']);
  });
});
