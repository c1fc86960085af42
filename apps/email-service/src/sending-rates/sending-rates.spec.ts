import { sendingRates } from './sending-rates.js';

const rates = (rate: string, domainRates = '') => sendingRates({ rate, domainRates });
const of = (ratesOf: ReturnType<typeof rates>, task: string, payload: object) => ratesOf?.(task, () => payload);

describe('the rates of sending', () => {
  it('are none unless they are set', () => {
    expect(rates('', ' ')).toBeUndefined();
  });

  it.each([
    ['20/s', { limit: 20, perSeconds: 1 }],
    ['600/m', { limit: 600, perSeconds: 60 }],
    ['5000/h', { limit: 5000, perSeconds: 3600 }],
  ])('of all mails are read from %s', (text, rate) => {
    expect(of(rates(text), 'email.send', { to: 'a@b.example' })).toEqual([{ key: 'smtp', rate }]);
  });

  it('of a domain come first, whatever the case of its letters, for any mail', () => {
    const both = rates('20/s', 'Gmail.com=5/s, mail.ru=60/m');
    const gmail = { key: 'smtp gmail.com', rate: { limit: 5, perSeconds: 1 }, longestWaitSeconds: 1 };
    const all = { key: 'smtp', rate: { limit: 20, perSeconds: 1 } };
    expect(of(both, 'email.send', { to: 'Anna@GMAIL.com' })).toEqual([gmail, all]);
    expect(of(both, 'email.send-verification', { email: 'anna@gmail.com' })).toEqual([gmail, all]);
    expect(of(both, 'email.send-verification', { email: 'anna@mail.gmail.com' })).toEqual([all]);
  });

  it('do not hold back tasks that send nothing', () => {
    expect(of(rates('1/h'), 'email.unsubscribe', { email: 'a@b.example' })).toEqual([]);
  });

  it.each(['20', '0/s', '20/d', '-1/s', 'x'])('refuse SMTP_RATE=%s with how to write it', (text) => {
    expect(() => rates(text)).toThrow('write it as 20/s, 600/m or 5000/h');
  });

  it.each(['gmail.com', 'gmail.com=', '=5/s', 'gmail.com=5/s,gmail.com=6/s', 'gmail.com=fast'])(
    'refuse SMTP_DOMAIN_RATES=%s with how to write it',
    (text) => {
      expect(() => rates('', text)).toThrow(/write (it as|each once)/);
    },
  );
});
