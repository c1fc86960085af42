import { scryptSync } from 'node:crypto';
import { PasswordHasher } from './password-hasher.js';

describe('the password hasher', () => {
  it('writes parameters, salt and hash in a form that can be checked later', async () => {
    const [, name, parameters, salt, hash] = (await new PasswordHasher().hash('correct horse')).split('$');

    expect([name, parameters]).toEqual(['scrypt', 'ln=15,r=8,p=3']);
    const expected = scryptSync('correct horse', Buffer.from(salt ?? '', 'base64'), 32, {
      N: 2 ** 15,
      r: 8,
      p: 3,
      maxmem: 64 * 1024 * 1024,
    });
    expect(Buffer.from(hash ?? '', 'base64')).toEqual(expected);
  });

  it('salts each password anew', async () => {
    const hasher = new PasswordHasher();
    expect(await hasher.hash('same')).not.toBe(await hasher.hash('same'));
  });

  it('lets so many wait and tells the others to come again', async () => {
    const hasher = new PasswordHasher({ atOnce: 1, waiting: 2 });
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => hasher.hash('pass')));

    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(outcomes[4]).toMatchObject({ reason: { status: 503 } });
    await expect(hasher.hash('again')).resolves.toMatch(/^\$scrypt/);
  });
});
