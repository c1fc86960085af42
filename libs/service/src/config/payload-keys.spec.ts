import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { loadConfig } from './load-config.js';
import { payloadKeys } from './payload-keys.js';

const schema = z.object({ PAYLOAD_KEYS: payloadKeys() });
const load = (text: string) => loadConfig(schema, { PAYLOAD_KEYS: text }).PAYLOAD_KEYS;
const [first, second] = [randomBytes(32), randomBytes(32)];

describe('the keys of sensitive payload fields', () => {
  it('makes the first key the active one and keeps the others for decrypting', () => {
    const { activeId, keys } = load(`k2:${first.toString('base64')}, k1:${second.toString('base64')}`);
    expect(activeId).toBe('k2');
    expect(keys.get('k2')).toEqual(first);
    expect(keys.get('k1')).toEqual(second);
  });

  it.each([
    ['a key of the wrong length', `k1:${randomBytes(16).toString('base64')}`],
    ['a key without an id', first.toString('base64')],
    ['the same id twice', `k1:${first.toString('base64')},k1:${second.toString('base64')}`],
    ['an empty entry', `k1:${first.toString('base64')},`],
  ])('refuses %s without repeating it', (_what, text) => {
    expect(() => load(text)).toThrow(/^PAYLOAD_KEYS is wrong: .* Set PAYLOAD_KEYS to id:key/);
    expect(() => load(text)).not.toThrow(text);
  });
});
