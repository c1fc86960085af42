import { BrokerConfigurationError } from './broker-configuration-error.js';

/** Where a broker is, without the credentials of its URL. */
export interface BrokerAddress {
  host: string;
  port: number;
  vhost: string;
  user: string;
}

/** Reads an `amqp:` or `amqps:` URL. Throws BrokerConfigurationError, which never repeats the URL since it holds a password. */
export function brokerAddress(url: string): BrokerAddress {
  const parsed = URL.parse(url);
  if (!parsed || !['amqp:', 'amqps:'].includes(parsed.protocol)) throw unusable();
  decoded(parsed.password); // nobody wants it here, but amqplib would fail on it without naming the URL
  return {
    host: parsed.hostname,
    port: Number(parsed.port) || (parsed.protocol === 'amqps:' ? 5671 : 5672),
    vhost: decoded(parsed.pathname.slice(1)) || '/',
    user: decoded(parsed.username) || 'guest',
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unusable(' A percent sign in it is written as %25.');
  }
}

const unusable = (more = ''): BrokerConfigurationError =>
  new BrokerConfigurationError(
    `The RabbitMQ URL is not usable: write it as 'amqp://user:password@host:5672/vhost' (or amqps:).${more}`,
  );

/** For logs and sentences: `host:port, vhost "/"`. */
export function describeAddress({ host, port, vhost }: BrokerAddress): string {
  return `${host}:${port}, vhost "${vhost}"`;
}
