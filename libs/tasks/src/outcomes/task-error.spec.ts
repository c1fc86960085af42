import { toTaskError } from './task-error.js';

describe('Recording what was thrown', () => {
  it('keeps name, message and stack of an error', () => {
    const error = new RangeError('too far');
    expect(toTaskError(error)).toEqual({ name: 'RangeError', message: 'too far', stack: error.stack });
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
