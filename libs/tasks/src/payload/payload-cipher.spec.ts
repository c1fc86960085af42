import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { defineTask } from '@mentorhub/task-contracts';
import { PayloadCipher } from './payload-cipher.js';
import { checkPayload, encodePayload, InvalidPayloadError, openPayload } from './payload-codec.js';

const old = randomBytes(32);
const recent = randomBytes(32);
const cipher = new PayloadCipher({ activeId: 'old', keys: new Map([['old', old]]) });
const rotated = new PayloadCipher({
  activeId: 'new',
  keys: new Map([
    ['new', recent],
    ['old', old],
  ]),
});

describe('Encrypting a field', () => {
  it.each(['text', '', 'ü漢\0\ud800', 42, null, { deep: [1, { er: true }] }])('gives back %p', (value) => {
    expect(cipher.decrypt(cipher.encrypt(value, 'task/token'), 'task/token')).toEqual(value);
  });

  it('shows nothing of the value, and never the same twice', () => {
    const [one, two] = [cipher.encrypt('hush-hush', 'task/token'), cipher.encrypt('hush-hush', 'task/token')];
    expect(one).not.toEqual(two);
    expect(one).toMatch(/^mh1:old:/);
    expect(Buffer.from(one.split(':')[2]!, 'base64').toString('latin1')).not.toContain('hush');
  });

  it.each(['other-task/token', 'task/other-field', ''])('refuses a value that was moved to "%s"', (place) => {
    const sealed = cipher.encrypt('hush-hush', 'task/token');
    expect(() => cipher.decrypt(sealed, place)).toThrow();
  });

  it('refuses a value of which any byte was changed', () => {
    const [prefix, key, sealed] = cipher.encrypt('hush-hush', 'place').split(':') as [string, string, string];
    const bytes = Buffer.from(sealed, 'base64');
    for (let n = 0; n < bytes.length; n += 1) {
      const changed = Buffer.from(bytes);
      changed[n]! ^= 1;
      expect(() => cipher.decrypt([prefix, key, changed.toString('base64')].join(':'), 'place')).toThrow();
    }
    expect(() => cipher.decrypt([prefix, key, bytes.subarray(0, -1).toString('base64')].join(':'), 'place')).toThrow();
  });

  it.each(['', 'plain', 'mh1', 'mh1:old', 'mh2:old:AAAA', 'mh1:old:', 'mh1:old:AAAA'])('refuses "%s"', (text) => {
    expect(() => cipher.decrypt(text, 'place')).toThrow();
  });

  it('reads old values after the key has changed, and writes with the new one', () => {
    const before = cipher.encrypt('hush', 'place');
    expect(rotated.decrypt(before, 'place')).toBe('hush');
    expect(rotated.encrypt('hush', 'place')).toMatch(/^mh1:new:/);
  });

  it('says which key is missing', () => {
    const sealed = rotated.encrypt('hush', 'place');
    expect(() => cipher.decrypt(sealed, 'place')).toThrow(
      'PAYLOAD_KEYS has no key "new"; add the key that it was encrypted with.',
    );
  });

  it('refuses a value under a key id that names another key', () => {
    const confused = new PayloadCipher({ activeId: 'old', keys: new Map([['old', recent]]) });
    expect(() => confused.decrypt(cipher.encrypt('hush', 'place'), 'place')).toThrow();
  });
});

describe('A payload with sensitive fields', () => {
  const payload = z.strictObject({ to: z.string(), token: z.string().optional() });
  const Send = defineTask({ name: 'mail.send', version: 1, effects: 'idempotent', payload, sensitive: ['token'] });
  const [id, other] = ['0193a4c0-0000-7000-8000-000000000001', '0193a4c0-0000-7000-8000-000000000002'];
  const encode = (value: { to: string; token?: string }) =>
    JSON.parse(encodePayload(Send, value, id, cipher).toString());

  it('is encrypted in those alone, and opened again for its task', () => {
    const body = encode({ to: 'anna', token: 'hush' });
    expect(body).toEqual({ to: 'anna', token: expect.stringMatching(/^mh1:/) });
    expect(openPayload(Send, body, id, cipher)).toEqual({ to: 'anna', token: 'hush' });
    expect(body.token).toMatch(/^mh1:/);
  });

  it('cannot be opened for another task', () => {
    const body = encode({ to: 'anna', token: 'hush' });
    expect(openPayload(Send, body, id.toUpperCase(), cipher)).toEqual({ to: 'anna', token: 'hush' });
    expect(() => openPayload(Send, body, other, cipher)).toThrow('unable to authenticate');
  });

  it('may leave them out', () => {
    const body = encode({ to: 'anna' });
    expect(openPayload(Send, body, id, cipher)).toEqual({ to: 'anna' });
  });
});

describe('Checking a payload', () => {
  const contract = {
    name: 'mail.send',
    payload: z.strictObject({ to: z.strictObject({ name: z.string() }), list: z.array(z.int()) }),
  };

  it('names each fault with its path', () => {
    const check = () => checkPayload(contract, { to: { name: 7 }, list: [1, 'two'], more: true });
    expect(check).toThrow(InvalidPayloadError);
    expect(check).toThrow(
      /^The payload does not fit "mail.send": to\.name: .+; list\.1: .+; payload: Unrecognized key: "more"\.$/,
    );
  });

  it('says nothing of the values', () => {
    expect(() => checkPayload(contract, { to: { name: 'x' }, list: ['hush'] })).not.toThrow('hush');
  });

  it.each([undefined, null, 'text', 7, []])('refuses %p', (value) => {
    expect(() => checkPayload(contract, value)).toThrow('payload: Invalid input');
  });
});
