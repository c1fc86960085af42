import { closeNames } from './close-names.js';

const names = ['email.send', 'email.send-verification', 'email.send-password-reset', 'accounts.cleanup-expired-tokens'];

describe('close names', () => {
  it.each([
    ['email.sned', 'email.send'],
    ['email.send-verificaton', 'email.send-verification'],
    ['account.cleanup-expired-tokens', 'accounts.cleanup-expired-tokens'],
    ['mail.send-password-reset', 'email.send-password-reset'],
    ['tokens.cleanup-expired-tokens', 'accounts.cleanup-expired-tokens'],
  ])('of %s begin with %s', (wrong, meant) => {
    expect(closeNames(wrong, names)[0]).toBe(meant);
  });

  it('are none for something else altogether', () => {
    expect(closeNames('reports.render-annual-summary', names)).toEqual([]);
  });

  it('are three at most', () => {
    expect(closeNames('email.sen', ['email.send', 'email.seng', 'email.senf', 'email.sent'])).toHaveLength(3);
  });
});
