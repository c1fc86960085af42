import { OverloadError } from '@mentorhub/tasks';
import { InvalidPayloadError } from '@mentorhub/tasks/payload';
import { NotFoundException } from '@nestjs/common';
import { explainError } from './explain-error.js';
import { invalid, Problem } from './problem.js';

const failure = (code: string, message = 'something internal at 10.0.0.1') =>
  Object.assign(new Error(message), { code });

describe('what an error means to the caller', () => {
  it.each(['ECONNREFUSED', 'ENETUNREACH', '57P03', '53100', '53300', '25006'])(
    '%s is a database that is away: 503 with Retry-After',
    (code) => {
      const problem = explainError(failure(code));
      expect(problem).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
      expect(problem.detail).toBe('The database does not answer. Nothing was accepted; try again.');
      expect(JSON.stringify(problem.document())).not.toContain('10.0.0.1');
    },
  );

  it.each(['ECONNRESET', '57P01', '08006'])(
    '%s ends a connection under what may just be committed, so nobody says that nothing was done',
    (code) => {
      const problem = explainError(failure(code));
      expect(problem).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
      expect(problem.detail).toContain('may have been done: look, or repeat it with the same Idempotency-Key');
    },
  );

  it('a pool whose connections are all in use is a server that is too busy, not a database that is away', () => {
    for (const error of [new Error('timeout exceeded when trying to connect'), new OverloadError('Many wait.')]) {
      const problem = explainError(error);
      expect(problem).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(problem.detail).toContain('too busy to ask the database');
    }
  });

  it.each(['55P03', '57014', '40001', '40P01', '53200'])('%s passes by itself: 503 with Retry-After', (code) => {
    expect(explainError(failure(code))).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  it.each([failure('22P05'), new TypeError('x is not a function'), 'a string', undefined])(
    '%p is a 500 that tells nothing of its insides',
    (error) => {
      const document = explainError(error).document();
      expect(document).toEqual({
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
        detail: expect.stringContaining('X-Request-Id'),
      });
    },
  );

  it('an invalid payload is a 422 whose paths begin at the payload', () => {
    const error = new InvalidPayloadError('email.send', [{ path: ['to'], message: 'Invalid email' }]);
    expect(explainError(error).document()).toMatchObject({ status: 422, errors: [{ path: '/payload/to' }] });
  });

  it('an exception of Nest keeps its status', () => {
    expect(explainError(new NotFoundException('Nothing here')).document()).toMatchObject({
      status: 404,
      detail: 'Nothing here.',
    });
  });

  it('a problem stays as it is, and says how many faults there are', () => {
    const problem = invalid([
      { path: '/a', message: 'is wrong' },
      { path: '/b', message: 'is wrong' },
    ]);
    expect(explainError(problem)).toBe(problem);
    expect(problem.detail).toBe('The request does not fit: /a: is wrong. There is 1 more fault.');
    expect(new Problem(409, 'Taken.').document()).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'Taken.',
    });
  });
});
