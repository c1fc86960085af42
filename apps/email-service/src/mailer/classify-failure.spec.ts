import { classifyFailure, type TransportError } from './classify-failure.js';
import { MailAmbiguous, MailDeferred, MailRefused, MailUnreachable } from './mail-failures.js';

const server = 'mail.example:587';

function failure(fields: Partial<TransportError>, contentRead = false) {
  const response = fields.responseCode ? `${fields.responseCode} as it is\nsecond line` : undefined;
  return classifyFailure(Object.assign(new Error('x'), response ? { response } : {}, fields), contentRead, server);
}

describe('what a failure of SMTP means', () => {
  it.each([
    ['5xx to the sender', { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 553 }, false, MailRefused],
    ['5xx to the recipient', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }, false, MailRefused],
    ['5xx to the content', { code: 'EMESSAGE', command: 'DATA', responseCode: 554 }, true, MailRefused],
    ['4xx to the recipient', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 451 }, false, MailDeferred],
    ['4xx to the content', { code: 'EMESSAGE', command: 'DATA', responseCode: 452 }, true, MailDeferred],
    [
      '421 in the middle of the content',
      { code: 'ECONNECTION', command: 'CONN', responseCode: 421 },
      true,
      MailDeferred,
    ],
    [
      '503, which is about the session',
      { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 503 },
      false,
      MailDeferred,
    ],
    ['a refused login', { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, false, MailUnreachable],
    ['a missing login', { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 530 }, false, MailUnreachable],
    ['5xx as a greeting', { code: 'EPROTOCOL', command: 'CONN', responseCode: 554 }, false, MailUnreachable],
    ['a time-out before DATA', { code: 'ETIMEDOUT', command: 'CONN' }, false, MailUnreachable],
    ['a time-out after DATA', { code: 'ETIMEDOUT', command: 'CONN' }, true, MailAmbiguous],
    ['a connection lost after DATA', { code: 'ECONNECTION', command: 'CONN' }, true, MailAmbiguous],
    ['a reply after DATA that is none', { code: 'EPROTOCOL', command: 'CONN' }, true, MailAmbiguous],
    ['a mail larger than the server allows', { code: 'EMESSAGE', command: 'MAIL FROM' }, false, MailRefused],
  ])('%s', (_, fields, contentRead, type) => {
    expect(failure(fields, contentRead)).toBeInstanceOf(type);
  });

  it('keeps the first line of the reply, and tells what happened', () => {
    const refused = failure({ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 });
    expect(refused?.reply).toEqual({ code: 550, text: '550 as it is', command: 'RCPT TO' });
    expect(refused?.message).toBe('The mail server at mail.example:587 refused the mail: it answered 550 as it is.');
  });

  it('is nothing for an error that does not come from sending', () => {
    expect(failure({})).toBeUndefined();
  });
});
