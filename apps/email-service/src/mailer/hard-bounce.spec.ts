import { isHardBounce } from './hard-bounce.js';

const reply = (text: string, command = 'RCPT TO') => ({ code: Number(text.slice(0, 3)), text, command });

describe('a hard bounce', () => {
  it.each([
    '550 5.1.1 The account that you tried to reach does not exist',
    '550-5.1.1 the first of several lines',
    '550 5.1.10 Recipient not found',
    '553 5.1.3 Bad address syntax',
    '554 5.1.2 No such domain',
    '550 5.2.1 The mailbox is disabled',
    '550 No such user here',
    '550 User unknown',
    '550 Unrouteable address',
    '553 sorry, mailbox not found',
  ])('is %s', (text) => {
    expect(isHardBounce(reply(text))).toBe(true);
  });

  it('is also an answer to the content that names the address', () => {
    expect(isHardBounce(reply('550 5.1.1 unknown', 'DATA'))).toBe(true);
  });

  it.each([
    ['a policy', '550 5.7.1 Recipient address rejected: access denied'],
    ['a policy that names the user', '550 5.7.26 user unknown to SPF'],
    ['a spam verdict', '554 5.7.1 Message looks like spam'],
    ['a spam verdict without a status', '554 Transaction failed: spam'],
    ['a full mailbox', '552 5.2.2 Mailbox full'],
    ["the sender's address", '550 5.1.8 Bad sender system'],
    ["the sender's address, in words", '550 5.1.0 <no-reply@mentorhub.example>: Sender address rejected'],
    ["the sender's address, by the recipient's code", '550 5.1.1 Sender address rejected: user unknown'],
    ["the sender's domain", '550 Sender domain does not exist'],
    ["the sender's account", '550 sender verify failed: address unknown'],
    ['where mail comes back to', '550 Return-Path does not exist'],
    ['an address of which nobody says whose', '550 5.1.0 Address rejected'],
    ['a relay that does not know us', '550 relay not permitted'],
    ['a bare code', '550'],
    ['for now', '450 4.1.1 User unknown'],
    ['a status that is none', '550 5.1.1.1 host'],
  ])('is not %s', (_, text) => {
    expect(isHardBounce(reply(text))).toBe(false);
  });

  it.each(['MAIL FROM', 'DATA'])('is not a bare code in answer to %s, whatever it says', (command) => {
    expect(isHardBounce(reply('550 no such user', command))).toBe(false);
  });

  it("is not about the sender's address", () => {
    expect(isHardBounce(reply('550 5.1.1 unknown', 'MAIL FROM'))).toBe(false);
  });
});
