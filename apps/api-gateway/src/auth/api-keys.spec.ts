import { createHash } from 'node:crypto';
import { apiKeys, callerOf } from './api-keys.js';

const hash = (key: string) => createHash('sha256').update(key).digest('hex');

describe('API_KEYS', () => {
  it('knows a caller by the hash of the key', () => {
    const keys = apiKeys().parse(`ops:${hash('one')}, site:${hash('two').toUpperCase()}`) ?? new Map();

    expect(callerOf('one', keys)).toBe('ops');
    expect(callerOf('two', keys)).toBe('site');
    expect(callerOf('three', keys)).toBeUndefined();
    expect(callerOf(hash('one'), keys)).toBeUndefined();
  });

  it.each(['one', 'ops:one', `ops:${hash('one')},ops:${hash('two')}`, `public:${hash('one')}`, `ops:${hash('one')},`])(
    'refuses %s',
    (text) => {
      expect(apiKeys().safeParse(text).success).toBe(false);
    },
  );
});
