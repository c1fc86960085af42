import { ConnectFailureJudge } from './connect-failure.js';

describe('A vhost that is refused', () => {
  const refusal = new Error('Expected ConnectionOpenOk; got <ConnectionClose channel:0>');
  const address = { host: 'rabbit', port: 5672, vhost: '/', user: 'guest' };

  it('is a fault of the configuration when it has lasted', () => {
    const judge = new ConnectFailureJudge();
    expect(judge.permanent(refusal, address, 0)).toBeUndefined();
    expect(judge.permanent(refusal, address, 5_000)?.message).toContain('create the vhost');
  });

  it('is none when it was open before: a limit of connections refuses alike', () => {
    const judge = new ConnectFailureJudge();
    judge.connected();
    expect(judge.permanent(refusal, address, 0)).toBeUndefined();
    expect(judge.permanent(refusal, address, 5_000)).toBeUndefined();
  });
});
