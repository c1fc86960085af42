import { messageProperties } from './message-properties.js';

const message = { exchange: 'tasks', routingKey: 'email', body: Buffer.alloc(0) };

describe('the properties of a message', () => {
  it('are persistent JSON by default, with the time in whole seconds', () => {
    expect(messageProperties({ ...message, timestamp: new Date(1_700_000_000_999) })).toMatchObject({
      persistent: true,
      contentType: 'application/json',
      timestamp: 1_700_000_000,
    });
  });

  it('have the priority 0 unless the message says another', () => {
    expect(messageProperties(message).priority).toBe(0);
    expect(messageProperties({ ...message, priority: 5 }).priority).toBe(5);
  });

  it('leave out the headers that steer the broker', () => {
    const headers = {
      'x-death': [{}],
      'x-death-reason': 'expired',
      'x-first-death-queue': 'email',
      'x-last-death-queue': 'email',
      'x-delivery-count': 3,
      'x-acquired-count': 4,
      'x-publish-tag': 7,
      CC: ['other'],
      BCC: ['other'],
      'x-mh-attempt': 2,
      'x-deathly': 'kept? no: it begins as the broker’s own do',
      tenant: 'a',
    };
    expect(messageProperties({ ...message, headers }).headers).toEqual({ 'x-mh-attempt': 2, tenant: 'a' });
  });

  it('have headers of their own: the caller’s are not changed', () => {
    const headers = Object.freeze({ tenant: 'a' });
    expect(messageProperties({ ...message, headers }).headers).not.toBe(headers);
  });
});
