import { checkUrls } from './infrastructure.mjs';

test.each([
  ['DATABASE_URL', 'http://x', 'postgres:// or postgresql://'],
  ['DATABASE_URL', 'nonsense', 'postgres:// or postgresql://'],
  ['AMQP_URL', 'http://x', 'amqp:// or amqps://'],
  ['AMQP_URL', 'amqp://one, http://two', 'amqp:// or amqps://'],
  ['SMTP_URL', 'http://x', 'smtp:// or smtps://'],
])('%s is refused when it is "%s"', (variable, value, schemes) => {
  expect(() => checkUrls({ [variable]: value })).toThrow(
    `${variable} is not a URL that starts with ${schemes}. Correct`,
  );
});

test('Servers of the caller are taken by the URLs that services take', () => {
  checkUrls({});
  checkUrls({
    DATABASE_URL: '',
    AMQP_URL: 'amqp://one, amqps://two/x',
    SMTP_URL: 'smtp://127.0.0.1:25?ignoreTLS=true',
  });
  checkUrls({ DATABASE_URL: 'postgresql://user:password@x/y' });
});
