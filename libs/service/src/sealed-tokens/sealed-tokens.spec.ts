import { randomBytes } from 'node:crypto';
import { SealedTokens } from './sealed-tokens.js';

const [first, second] = [randomBytes(32), randomBytes(32)];
const keysOf = (...entries: [string, Buffer][]) => ({ activeId: entries[0]![0], keys: new Map(entries) });
const tokens = new SealedTokens(keysOf(['k1', first]), 'unsubscribe');
const value = { email: 'anna@example.org', category: 'reminders' };

describe('a sealed token', () => {
  it('gives back what was sealed, can stand in a URL, and shows nothing of it', () => {
    const token = tokens.seal(value);
    expect(tokens.open(token)).toEqual(value);
    expect(encodeURIComponent(token)).toBe(token);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('anna');
    expect(tokens.seal(value)).not.toBe(token);
  });

  it('is refused when any of its characters is another one', () => {
    const token = tokens.seal(value);
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(tokens.open(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
    }
  });

  it('is refused when it is cut, empty, of another purpose or of another key', () => {
    const token = tokens.seal(value);
    for (const wrong of ['', '.k1', 'AAAA.k1', token.slice(1), token.slice(0, -1), `${token}=`, 'x'.repeat(10_000)])
      expect(tokens.open(wrong)).toBeUndefined();
    expect(new SealedTokens(keysOf(['k1', first]), 'another').open(token)).toBeUndefined();
    expect(new SealedTokens(keysOf(['k1', second]), 'unsubscribe').open(token)).toBeUndefined();
  });

  it('holds over a change of keys for as long as its key is in the list', () => {
    const token = tokens.seal(value);
    expect(new SealedTokens(keysOf(['k2', second], ['k1', first]), 'unsubscribe').open(token)).toEqual(value);
    expect(new SealedTokens(keysOf(['k2', second]), 'unsubscribe').open(token)).toBeUndefined();
  });
});
