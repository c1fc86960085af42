import { brokerAddress, describeAddress } from './broker-address.js';

describe('the address of a broker', () => {
  it('has defaults for what the URL leaves out', () => {
    expect(brokerAddress('amqp://rabbit')).toEqual({ host: 'rabbit', port: 5672, vhost: '/', user: 'guest' });
    expect(brokerAddress('amqps://me:secret@rabbit/team%2Fa')).toEqual({
      host: 'rabbit',
      port: 5671,
      vhost: 'team/a',
      user: 'me',
    });
  });

  it('is described without its credentials', () => {
    expect(describeAddress(brokerAddress('amqp://me:secret@rabbit:5673/team'))).toBe('rabbit:5673, vhost "team"');
  });

  it.each([
    '',
    'rabbit:5672',
    'http://me:secret@rabbit',
    'amqp://50%:secret@rabbit',
    'amqp://me:50%secret@rabbit',
    'amqp://me:secret@rabbit/50%',
  ])('refuses %p with a sentence that repeats no password', (url) => {
    expect(() => brokerAddress(url)).toThrow("write it as 'amqp://user:password@host:5672/vhost'");
    expect(() => brokerAddress(url)).not.toThrow('secret');
  });
});
