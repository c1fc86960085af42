import { canonicalJson } from './canonical-json.js';

describe('canonical JSON', () => {
  it('is the same for equal values, whatever the order of their fields', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe(canonicalJson({ a: null, b: [{ c: 2, d: 1 }] }));
  });

  it('keeps the order of lists and tells types apart', () => {
    const texts = [[1, 2], [2, 1], ['1', '2'], {}, [], null, '', 0].map(canonicalJson);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('takes a missing body as null', () => {
    expect(canonicalJson(undefined)).toBe('null');
  });
});
