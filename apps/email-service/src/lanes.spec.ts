import { queuesOf } from './lanes.js';

describe('the lanes of mail', () => {
  it('leave a connection free of bulk mail where they share them', () => {
    expect(queuesOf(['email', 'email-bulk'], 5)).toEqual({
      email: { concurrency: 5 },
      'email-bulk': { concurrency: 4 },
    });
    expect(queuesOf(['email', 'email-bulk'], 1)).toEqual({
      email: { concurrency: 1 },
      'email-bulk': { concurrency: 1 },
    });
  });

  it('have all connections where they are alone', () => {
    expect(queuesOf(['email-bulk'], 5)).toEqual({ 'email-bulk': { concurrency: 5 } });
    expect(queuesOf(['email'], 5)).toEqual({ email: { concurrency: 5 } });
  });
});
