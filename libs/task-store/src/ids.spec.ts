import { v5 } from 'uuid';
import { derivedId } from './ids.js';

describe('A derived id', () => {
  it('is the UUID of version 5 of its parts in our namespace', () => {
    for (const parts of [['a'], ['01a20449-0214-72e4-be51-0d2af59404fc', 1, 2, 'succeeded'], ['漢', '']]) {
      expect(derivedId(...parts)).toBe(v5(parts.join('/'), '5a0d6c1e-3b1f-4f0e-9a57-0c6c2a8f4d11'));
    }
  });
});
