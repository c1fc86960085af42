import { portableHeaders } from './portable-headers.js';
import { unsendableHeader } from './sendable-headers.js';

function nested(depth: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
}

const plain = {
  text: 'a',
  number: 1.5,
  fraction: 2 ** 50 - 0.125,
  big: -(2 ** 60),
  yes: true,
  nothing: null,
  list: [1, ['a']],
  table: { a: { b: 1 } },
};
const typed = {
  bytes: Buffer.from([0, 255]),
  time: { '!': 'timestamp', value: 1_700_000_000 },
  sum: { '!': 'decimal', value: { places: 2, digits: 314 } },
};
const unsendable: readonly unknown[] = [
  Number.NaN,
  [Number.POSITIVE_INFINITY],
  -(2 ** 70),
  2 ** 50 + 0.5,
  [-(2 ** 51) - 0.5],
  { '!': 'timestamp', value: 2 ** 64 },
  { '!': 'timestamp', value: 'noon' },
  { '!': 'float', value: 'NaN' },
  { '!': 'decimal', value: null },
  { deep: { '!': 'unheard-of' } },
  { ['n'.repeat(256)]: 1 },
  [undefined],
  nested(100_000),
  () => 1,
];

describe('the headers of a message that is to be published', () => {
  it('are let through with all types that a receiver gets', () => {
    expect(unsendableHeader({ ...plain, ...typed, ['n'.repeat(255)]: 1, left: undefined })).toBeUndefined();
  });

  it.each(unsendable.map((value, index) => [index, value]))(
    'are not when one holds what cannot be sent (%i)',
    (_, odd) => {
      expect(unsendableHeader({ plain: 1, odd })).toBe('odd');
    },
  );

  it('are not when a name is too long', () => {
    expect(unsendableHeader({ ['\uFFFD'.repeat(86)]: 1 })).toBe('\uFFFD'.repeat(86));
  });
});

describe('the headers that can be written down and sent again', () => {
  it('are those that JSON gives back as they were', () => {
    const odd = Object.fromEntries(unsendable.map((value, index) => [`odd-${index}`, value]));
    const kept = portableHeaders({ ...plain, ...typed, ...odd, mixed: [Buffer.from('a')] });
    expect(kept).toEqual(plain);
    expect(JSON.parse(JSON.stringify(kept))).toEqual(plain);
  });

  it('are without the largest where there is no room for all', () => {
    const kept = portableHeaders({ large: 'l'.repeat(900), attempt: 2, middle: 'm'.repeat(300) }, 1_000);
    expect(kept).toEqual({ attempt: 2, middle: 'm'.repeat(300) });
  });
});
