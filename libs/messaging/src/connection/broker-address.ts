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
  if (!parsed || !['amqp:', 'amqps:'].includes(parsed.protocol)) {
    throw new BrokerConfigurationError(
      "The RabbitMQ URL is not usable: write it as 'amqp://user:password@host:5672/vhost' (or amqps:).",
    );
  }
  return {
    host: parsed.hostname,
    port: Number(parsed.port) || (parsed.protocol === 'amqps:' ? 5671 : 5672),
    vhost: decodeURIComponent(parsed.pathname.slice(1)) || '/',
    user: decodeURIComponent(parsed.username) || 'guest',
  };
}

/** For logs and sentences: `host:port, vhost "/"`. */
export function describeAddress({ host, port, vhost }: BrokerAddress): string {
  return `${host}:${port}, vhost "${vhost}"`;
}
