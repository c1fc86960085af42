import type { Delivery } from '@mentorhub/messaging';
import { taskHeaders } from '@mentorhub/task-store';
import { z } from 'zod';
import { defineCatalogue, defineTask } from '@mentorhub/task-contracts';
import { decodeDelivery, redeliveriesOf, taskNamedBy, UnreadableMessage } from './decode-delivery.js';

const Do = defineTask({ name: 'odd.do', version: 1, effects: 'idempotent', payload: z.strictObject({}) });
const catalogue = defineCatalogue({ tasks: [Do], events: [], routes: [{ pattern: '*', queue: 'work' }] });
const messageId = '0b1c2d3e-4f50-4162-8a3b-4c5d6e7f8091';
const good = { [taskHeaders.version]: 1 };

const delivery = (more: Partial<Delivery> = {}) =>
  ({
    queue: 'work',
    messageId,
    type: Do.name,
    headers: good,
    body: Buffer.from('{}'),
    deliveryCount: 0,
    ...more,
  }) as Delivery;
const decode = (more: Partial<Delivery> = {}) => decodeDelivery(delivery(more), catalogue, (wait) => wait);
const decodeWith = (headers: Record<string, unknown>) => decode({ headers: { ...good, ...headers } });

/** What amqplib makes of a header's types; the tables' names mean something to JavaScript. */
const oddities: Readonly<Record<string, unknown>> = {
  nothing: null,
  truth: true,
  fraction: 1.5,
  'a negative number': -1,
  'a huge number': 2 ** 62,
  bytes: Buffer.from('1'),
  'a time beyond all years': { '!': 'timestamp', value: 2 ** 64 },
  'a decimal': { '!': 'decimal', value: { places: 2, digits: 314 } },
  'an empty list': [],
  'a list of one number': [1],
  'an empty table': {},
  'a table with methods’ names': { toString: 'a', valueOf: 'b', toJSON: 'c', then: 'd', constructor: 'e' },
  'an endless number': 'Infinity',
  'text that is no JSON': '{',
  'JSON that is none of ours': '{"maxRetries": {"toString": 1}, "delaySeconds": "60", "jitter": []}',
  'JSON that is a list': '[]',
  'JSON that is a text': '"x"',
  'the year 0': '0000-01-01T00:00:00Z',
  'a year of five digits': '+275760-09-13T00:00:00.001Z',
  'the year 10000 in UTC': '9999-12-31T23:59:59-23:59',
};
const own = Object.values(taskHeaders);
const cases = Object.entries(oddities).flatMap(([what, value]) => own.map((header) => ({ what, header, value })));

describe('Reading a delivery', () => {
  it('refuses one whose headers could not be read, and says why', () => {
    const headersFault = 'Its headers are nested more than 64 deep.';
    expect(() => decode({ headersFault })).toThrow(new UnreadableMessage('undecodable', headersFault));
  });

  it('takes its headers from where they fit', () => {
    const headers = {
      ...good,
      ...{ [taskHeaders.run]: 2, [taskHeaders.attempt]: '3', [taskHeaders.deferrals]: 1 },
      ...{ [taskHeaders.dueAt]: '2026-11-22T10:00:00.5+02:00', [taskHeaders.root]: messageId },
      ...{ [taskHeaders.redeliveries]: 4, [taskHeaders.retry]: '{"maxRetries":9}' },
    };
    expect(decode({ headers, deliveryCount: 2 })).toMatchObject({
      ...{ id: messageId, run: 2, attempt: 3, deferrals: 1, redeliveries: 6, root: messageId },
      ...{ dueAt: new Date('2026-11-22T08:00:00.500Z'), expiresAt: undefined, retry: { maxRetries: 9 } },
    });
  });

  it('takes a message without any but the version for the first attempt', () => {
    expect(decode()).toMatchObject({ run: 1, attempt: 1, deferrals: 0, redeliveries: 0, root: messageId });
  });

  it('takes the first and the last instant of all years', () => {
    const headers = {
      [taskHeaders.dueAt]: '0001-01-01T00:00:00Z',
      [taskHeaders.expiresAt]: '9999-12-31T23:59:59.999Z',
    };
    expect(decode({ headers: { ...good, ...headers } })).toMatchObject({
      dueAt: new Date(headers[taskHeaders.dueAt]),
      expiresAt: new Date(headers[taskHeaders.expiresAt]),
    });
  });

  it.each(cases)('throws nothing but that it is unreadable when $header is $what', ({ header, value }) => {
    const headers = { ...good, [header]: value };
    let thrown: unknown;
    try {
      const { run, attempt, redeliveries, root, dueAt, expiresAt } = decodeWith(headers);
      for (const count of [run, attempt, redeliveries]) expect(Number.isSafeInteger(count)).toBe(true);
      expect(root).toBe(messageId);
      for (const at of [dueAt, expiresAt]) expect(at).toBeUndefined();
    } catch (error) {
      thrown = error;
    }
    if (thrown) expect(thrown).toBeInstanceOf(UnreadableMessage);
    expect(redeliveriesOf(delivery({ headers }))).toBe(0);
    expect(() => taskNamedBy(delivery({ headers }))).not.toThrow();
  });

  it.each([taskHeaders.run, taskHeaders.attempt, taskHeaders.retry, taskHeaders.dueAt, taskHeaders.expiresAt])(
    'does not guess what %s means when it is of another shape',
    (header) => {
      const odd = oddities['a table with methods’ names'];
      expect(() => decodeWith({ [header]: odd })).toThrow(UnreadableMessage);
    },
  );

  it('does not read what headers inherit', () => {
    const headers = Object.assign(Object.create({ [taskHeaders.attempt]: 7 }), good) as Record<string, unknown>;
    expect(decode({ headers })).toMatchObject({ attempt: 1 });
  });

  it.each([undefined, '', 'no-uuid', '\uFFFD'])('needs an id that is a UUID, not %p', (id) => {
    const { messageId: _, ...rest } = delivery();
    expect(() => decodeDelivery({ ...rest, ...(id !== undefined && { messageId: id }) }, catalogue, (w) => w)).toThrow(
      UnreadableMessage,
    );
  });
});
