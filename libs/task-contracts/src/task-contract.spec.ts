import { z } from 'zod';
import { ContractError } from './contract-rules.js';
import { defineEvent } from './event-contract.js';
import { defineTask, type AnyTaskContract } from './task-contract.js';

const valid = {
  name: 'email.send',
  version: 1,
  effects: 'idempotent' as const,
  payload: z.strictObject({ to: z.string() }),
};
const define = (more: object) => defineTask({ ...valid, ...more }) as AnyTaskContract;

describe('Defining a task', () => {
  it('fills in what was left out', () => {
    expect(define({})).toMatchObject({ kind: 'task', sensitive: [], timeLimit: { hardSeconds: 300 }, description: '' });
    expect(define({ effects: 'database' }).timeLimit).toEqual({ hardSeconds: 60 });
    expect(define({}).result.safeParse(null).success).toBe(true);
    expect(define({}).result.safeParse('something').success).toBe(false);
  });

  it('cannot be changed afterwards', () => {
    expect(() => Object.assign(define({}), { name: 'other.name' })).toThrow(TypeError);
  });

  it.each([
    'email',
    'Email.send',
    'email.',
    '.send',
    'email.send it',
    'email.Send',
    '1email.send',
    `email.${'x'.repeat(120)}`,
    '',
  ])('refuses the name "%s"', (name) => {
    expect(() => define({ name })).toThrow(ContractError);
    expect(() => define({ name })).toThrow('is not of the form <domain>.<verb-object>');
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses the version %p', (version) => {
    expect(() => define({ version })).toThrow(`email.send: the version must be a whole number from 1, not ${version}.`);
  });

  it.each([
    ['a date', z.date()],
    ['a bigint', z.bigint()],
    ['a transformed value', z.string().transform(Number)],
    ['a map', z.map(z.string(), z.string())],
    ['a function of its own', z.custom<Buffer>(() => true)],
  ])('refuses a payload and a result with %s, which JSON cannot carry', (_, part) => {
    const odd = z.strictObject({ part });
    expect(() => define({ payload: odd })).toThrow('email.send: the schema has a part that JSON cannot carry');
    expect(() => define({ result: odd })).toThrow('email.send: the schema has a part that JSON cannot carry');
    expect(() => defineEvent({ name: 'email.sent', version: 1, payload: odd })).toThrow(ContractError);
  });

  it('refuses sensitive fields that the payload does not have', () => {
    expect(() => define({ sensitive: ['to', 'token', 'key'] })).toThrow(
      'email.send: sensitive names fields that the payload does not have: token, key.',
    );
  });

  it.each([
    [{ hardSeconds: 0 }, 'time limits are positive numbers'],
    [{ hardSeconds: NaN }, 'time limits are positive numbers'],
    [{ softSeconds: -1, hardSeconds: 5 }, 'time limits are positive numbers'],
    [{ softSeconds: 10, hardSeconds: 5 }, 'the soft limit (10 s) must be below the hard limit (5 s)'],
    [{ softSeconds: 5, hardSeconds: 5 }, 'the soft limit (5 s) must be below the hard limit (5 s)'],
  ])('B16: refuses the time limits %p', (timeLimit, sentence) => {
    expect(() => define({ timeLimit })).toThrow(sentence);
  });

  it('B16: refuses database effects with a hard limit over 60 s', () => {
    expect(() => define({ effects: 'database', timeLimit: { hardSeconds: 61 } })).toThrow(
      'email.send: a handler with database effects holds a transaction, so its hard limit is at most 60 s.',
    );
    expect(define({ effects: 'database', timeLimit: { hardSeconds: 60 } }).timeLimit).toEqual({ hardSeconds: 60 });
    expect(define({ timeLimit: { hardSeconds: 86_400 } }).timeLimit).toEqual({ hardSeconds: 86_400 });
  });

  it('B16: refuses database effects in a thread, and an isolation that does not exist', () => {
    expect(() => define({ effects: 'database', isolation: 'thread' })).toThrow(
      'email.send: a handler with database effects runs in a transaction of the main thread, so it cannot be isolated in a thread.',
    );
    expect(() => define({ isolation: 'process' })).toThrow(
      `email.send: isolation is 'inline' or 'thread', not "process".`,
    );
    expect(define({ isolation: 'thread' }).isolation).toBe('thread');
    expect(define({}).isolation).toBe('inline');
  });
});

describe('Defining an event', () => {
  it('refuses a malformed name and version', () => {
    const payload = z.strictObject({});
    expect(() => defineEvent({ name: 'registered', version: 1, payload })).toThrow(
      'The event name "registered" is not of the form',
    );
    expect(() => defineEvent({ name: 'accounts.registered', version: 0, payload })).toThrow('the version must be');
  });
});
