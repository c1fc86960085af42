import { z } from 'zod';
import { faultsOf } from './faults.js';
import { jsonPointer } from './json-pointer.js';

describe('faults', () => {
  it('name each place by a JSON pointer and each unknown field by itself', () => {
    const schema = z.strictObject({ list: z.array(z.strictObject({ n: z.number() })) });
    const { error } = schema.safeParse({ list: [{ n: 1 }, { n: 'x', a: 1, 'b/c': 2 }] });

    expect(faultsOf(error?.issues ?? [], ['body'])).toEqual([
      { path: '/body/list/1/n', message: expect.stringMatching(/^invalid input/) },
      { path: '/body/list/1/a', message: 'is not a known field' },
      { path: '/body/list/1/b~1c', message: 'is not a known field' },
    ]);
  });

  it('are at the empty pointer when the whole body is wrong', () => {
    expect(jsonPointer([])).toBe('');
    expect(faultsOf(z.strictObject({}).safeParse(null).error?.issues ?? [])).toEqual([
      { path: '', message: expect.any(String) },
    ]);
  });
});
