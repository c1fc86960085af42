import { toTaskError } from './task-error.js';

describe('Recording what was thrown', () => {
  it('keeps name, message and stack of an error', () => {
    const error = new RangeError('too far');
    expect(toTaskError(error)).toEqual({ name: 'RangeError', message: 'too far', stack: error.stack });
  });

  it('leaves out the values of sensitive fields, as they are and as they stand in a link, also at the cut', () => {
    const secrets = ['s3cr/t', 's3cr\ud800t'];
    const error = Object.assign(new Error('no answer from /reset?token=s3cr%2Ft'), { name: 's3cr/t' });
    const told = toTaskError(error, secrets);
    expect(told).toMatchObject({ name: '[redacted]', message: 'no answer from /reset?token=[redacted]' });
    expect(told.stack).not.toContain('s3cr');
    expect(toTaskError(`${'m'.repeat(3_997)}s3cr/t`, secrets).message).toBe(`${'m'.repeat(3_997)}[re`);
    expect(toTaskError({ code: 's3cr/t' }, secrets).message).toBe('{"code":"[redacted]"}');
  });

  it('bounds all three', () => {
    const error = Object.assign(new Error('m'.repeat(10_000)), { name: 'n'.repeat(10_000) });
    const { name, message, stack } = toTaskError(error);
    expect([name.length, message.length, stack?.length]).toEqual([200, 4_000, 8_000]);
  });

  it.each([
    ['a number as name', Object.assign(new Error('x'), { name: 7 }), { name: '7', message: 'x' }],
    [
      'an object as message',
      Object.assign(new Error(), { message: { code: 1 } }),
      { name: 'Error', message: '{"code":1}' },
    ],
    ['no stack', Object.assign(new Error('x'), { stack: undefined }), { name: 'Error', message: 'x' }],
    ['a symbol', Symbol('odd'), { name: 'Error', message: 'Symbol(odd)' }],
    ['null', null, { name: 'Error', message: 'null' }],
    ['a bigint', 1n, { name: 'Error', message: 'Something was thrown that cannot be described.' }],
  ])('takes %s', (_, thrown, expected) => {
    expect(toTaskError(thrown)).toMatchObject(expected);
  });
});
