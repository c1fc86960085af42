import { eventually, eventuallyPasses } from './eventually.js';

describe('eventually', () => {
  it('returns the first truthy value, and takes errors and falsy values for "not yet"', async () => {
    const answers = [undefined, new Error('not there'), 0, 'here'];
    const probe = () => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    };
    await expect(eventually(probe)).resolves.toBe('here');
  });

  it('says what it waited for and what it saw last', async () => {
    const waiting = eventually(() => 0, { timeoutSeconds: 0.05, what: 'a mail' });
    await expect(waiting).rejects.toThrow('Waited 0.05 s for a mail; the last value was 0.');
  });

  it('carries the last error', async () => {
    const waiting = eventually(() => Promise.reject(new Error('refused')), { timeoutSeconds: 0.05 });
    await expect(waiting).rejects.toThrow('the last try failed: refused');
  });

  it('waits for a block of expectations to pass', async () => {
    let calls = 0;
    await eventuallyPasses(() => expect(++calls).toBe(3));
    expect(calls).toBe(3);
  });
});
