import { headersAsSent, type Delivery } from '@mentorhub/messaging';
import { taskHeaders } from '@mentorhub/task-store';
import { parcelToPark } from '@mentorhub/task-worker';
import { deadLetterOf } from './dead-letter-of.js';

const letterWith = (headers: Record<string, unknown>, body = 'body') =>
  deadLetterOf({
    queue: 'dead-letters',
    routingKey: 'email',
    deliveryCount: 0,
    headers,
    body: Buffer.from(body),
  } as Delivery);

const death = (time: unknown) => ({ 'x-death': [{ reason: 'rejected', queue: 'email', time }] });

describe('making a dead letter of anything that arrives', () => {
  it.each([2 ** 64, 8_640_000_000_001, -1])('takes now for a death at second %d, which no year has', (value) => {
    const { parkedAt, reason } = letterWith(death({ '!': 'timestamp', value }));
    expect(reason).toBe('rejected');
    expect(Math.abs(Date.now() - parkedAt.getTime())).toBeLessThan(60_000);
  });

  it('converts no header to compare or to count', () => {
    const odd = { toString: 'text', valueOf: 'text', toJSON: 'text' };
    const headers = {
      a: odd,
      b: [odd],
      [taskHeaders.version]: odd,
      [taskHeaders.run]: odd,
      [taskHeaders.attempt]: odd,
    };
    expect(letterWith({ ...death({ value: 1 }), ...headers })).toMatchObject({ run: undefined, version: undefined });
  });

  it('tells letters apart by their headers, in whichever order they came', () => {
    expect(letterWith({ a: 1, b: [2] }).id).toBe(letterWith({ b: [2], a: 1 }).id);
    expect(letterWith({ a: 1 }).id).not.toBe(letterWith({ a: 2 }).id);
    expect(letterWith({ a: 1 }).id).not.toBe(letterWith({ a: 1 }, 'other').id);
  });

  it('names one by its bytes when its headers are nested too deep to be written down', () => {
    let deep: unknown = {};
    for (let level = 0; level < 100_000; level += 1) deep = { deep };
    expect(letterWith({ deep }).id).toBe(letterWith({ deep }).id);
  });

  it.each([
    ['a message that nobody can read', { 'x-custom': 'é', n: 3 }, undefined],
    ['one with more headers than can be parked', { large: 'x'.repeat(60_000) }, undefined],
    ['one that named further receivers', { CC: ['elsewhere'], 'x-custom': 1 }, undefined],
    ['one whose headers cannot be sent', { odd: Number.NaN }, undefined],
    ['a run of a task', {}, '01a22296-e113-7f04-843c-fa5d127219fe'],
  ])('gives %s the id that its worker would have given it', (_, headers, taskId) => {
    const delivery = {
      queue: 'email',
      routingKey: 'email.email.send',
      messageId: 'no uuid',
      type: 'email.send',
      headers: { ...headers, 'x-delivery-count': 2 },
      body: Buffer.from('{'),
    } as unknown as Delivery;
    const envelope = {
      reason: 'undecodable',
      error: { name: 'Error', message: 'no' },
      queue: 'email',
      worker: 'w',
      at: new Date().toISOString(),
      ...(taskId && { taskId, run: 2 }),
    };
    const { messages, letter } = parcelToPark(delivery, envelope, 'dead-letters');
    // As it arrives: the first form that can be sent, with the headers that are.
    const sent = messages.find(({ headers = {} }) => headersAsSent(headers));
    const arrived = { ...sent, headers: headersAsSent(sent?.headers ?? {}) };
    const parked = { ...arrived, queue: 'dead-letters', deliveryCount: 1 } as unknown as Delivery;
    expect(deadLetterOf(parked).id).toBe(letter.id);
  });
});
