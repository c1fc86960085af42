import { z } from 'zod';
import { chooseQueue, defineCatalogue, describeTasks } from './catalogue.js';
import { ContractError } from './contract-rules.js';
import { defineEvent } from './event-contract.js';
import { defineRouting, queueFor } from './routing.js';
import { defineTask } from './task-contract.js';

const last = { pattern: '*', queue: 'default' };

describe('The routing table', () => {
  const routes = defineRouting([
    { pattern: 'email.send-reminder', queue: 'email-bulk' },
    { pattern: 'email.*', queue: 'email' },
    last,
  ]);

  it.each([
    ['email.send-reminder', 'email-bulk'],
    ['email.send', 'email'],
    ['email.digest.send', 'email'],
    ['emails.send', 'default'],
    ['accounts.email', 'default'],
  ])('sends "%s" to the queue of the first pattern that fits', (name, queue) => {
    expect(queueFor(routes, name)).toBe(queue);
  });

  it('refuses a table whose last route is not for everything', () => {
    expect(() => defineRouting([{ pattern: 'email.*', queue: 'email' }])).toThrow('The last route must be "*"');
    expect(() => defineRouting([])).toThrow(ContractError);
  });

  it.each(['email.bulk', 'Email', '', 'email bulk', '*'])('refuses the queue name "%s"', (queue) => {
    expect(() => defineRouting([{ pattern: 'email.*', queue }, last])).toThrow(`"${queue}" is no queue name`);
  });

  it.each(['email*', '*.send', 'email.*.send', 'Email.*', '', '#'])(
    'refuses the pattern "%s", which fits nothing',
    (pattern) => {
      expect(() => defineRouting([{ pattern, queue: 'email' }, last])).toThrow(`"${pattern}" is no pattern of a route`);
    },
  );

  it('says so when no route fits', () => {
    expect(() => queueFor([], 'email.send')).toThrow('No route fits the task "email.send".');
  });
});

describe('The catalogue', () => {
  const payload = z.strictObject({ to: z.email(), times: z.int().default(1) });
  const task = defineTask({
    name: 'email.send',
    version: 1,
    effects: 'idempotent',
    payload,
    sensitive: ['to'],
    description: 'Sends.',
  });
  const event = defineEvent({ name: 'email.sent', version: 1, payload: z.strictObject({}) });
  const routes = defineRouting([{ pattern: 'email.*', queue: 'email' }, { pattern: 'mail.*', queue: 'email' }, last]);

  it('knows each queue once', () => {
    expect(defineCatalogue({ tasks: [task], events: [event], routes }).queues).toEqual(['email', 'default']);
  });

  const consumers = [
    { service: 'mailer', tasks: [task], queues: ['email', 'email-bulk'] },
    { service: 'rest', tasks: [], queues: ['default'] },
  ];

  it('refuses routes to queues where no handler of the task is, or nobody at all', () => {
    const defined = (queue: string) => () =>
      defineCatalogue({
        tasks: [task],
        events: [],
        routes: defineRouting([{ pattern: 'email.*', queue }, last]),
        consumers,
      });
    expect(defined('email-bulk')().queues).toEqual(['email-bulk', 'default']);
    expect(defined('default')).toThrow(
      'The routes do not fit: the queue "default" is consumed by no handler of "email.send"; those that fit are email, email-bulk.',
    );
    expect(defined('attic')).toThrow('A route leads to the queue "attic", which no service consumes.');
    const nobody = () => defineCatalogue({ tasks: [task], events: [], routes, consumers: consumers.slice(1) });
    expect(nobody).toThrow('A route leads to the queue "email", which no service consumes.');
  });

  it('lets a call choose any queue where a handler of the task is, and says which those are', () => {
    const catalogue = defineCatalogue({ tasks: [task], events: [], routes, consumers });
    expect(chooseQueue(catalogue, task, undefined)).toBe('email');
    expect(chooseQueue(catalogue, task, 'email')).toBe('email');
    expect(() => chooseQueue(catalogue, task, 'default')).toThrow(
      'The queue "default" is consumed by no handler of "email.send"; those that fit are email, email-bulk.',
    );
    expect(() => chooseQueue(catalogue, task, 'nowhere')).toThrow('There is no queue "nowhere"; there are');
    expect(chooseQueue(defineCatalogue({ tasks: [task], events: [], routes }), task, 'default')).toBe('default');
  });

  it('refuses a name that is defined twice, also as task and event', () => {
    expect(() => defineCatalogue({ tasks: [task, task], events: [], routes })).toThrow(
      '"email.send" is defined twice.',
    );
    expect(() => defineCatalogue({ tasks: [], events: [event, event], routes })).toThrow(
      '"email.sent" is defined twice.',
    );
    const sameName = defineEvent({ name: 'email.send', version: 1, payload: z.strictObject({}) });
    expect(() => defineCatalogue({ tasks: [task], events: [sameName], routes })).toThrow(
      '"email.send" is defined twice.',
    );
  });

  it('describes its tasks with JSON Schemas, sorted by name', () => {
    const other = defineTask({ name: 'audit.log', version: 2, effects: 'database', payload: z.strictObject({}) });
    const described = describeTasks(defineCatalogue({ tasks: [task, other], events: [], routes }));
    expect(described.map(({ name }) => name)).toEqual(['audit.log', 'email.send']);
    expect(described[1]).toMatchObject({
      version: 1,
      description: 'Sends.',
      queue: 'email',
      effects: 'idempotent',
      sensitive: ['to'],
      timeLimit: { hardSeconds: 300 },
      payload: { type: 'object', properties: { to: { type: 'string', format: 'email' } }, additionalProperties: false },
      result: { type: 'null' },
    });
  });

  it('does not ask a caller for what has a default', () => {
    const [described] = describeTasks(defineCatalogue({ tasks: [task], events: [], routes }));
    expect(described?.payload['required']).toEqual(['to']);
  });
});
