import { delimiter, join } from 'node:path';
import { nodeModules } from './paths.mjs';
import { hashOf } from './secrets.mjs';

/** The caller's environment with the workspace's programs first in PATH: `node` is then the pinned Node 24. */
export function workspaceEnvironment() {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$/.test(name));
  return {
    ...Object.fromEntries(inherited),
    PATH: `${join(nodeModules, '.bin')}${delimiter}${process.env.PATH}`,
    NX_DAEMON: 'false',
    NX_TUI: 'false',
  };
}

/**
 * What a service is told. Defaults first, then the caller's environment, then what only the launcher can know: the
 * servers (which come from the caller too, if the caller has set them) and the ports.
 */
export function serviceEnvironment(service, { ports, secrets, urls }) {
  return {
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PUBLIC_SITE_URL: `http://127.0.0.1:${ports.gateway}`,
    PUBLIC_API_URL: `http://127.0.0.1:${ports.gateway}`,
    MAIL_FROM: 'MentorHub <no-reply@mentorhub.example>',
    API_KEYS: `local:${hashOf(secrets.apiKey)}`,
    PAYLOAD_KEYS: `local-1:${secrets.payloadKey}`,
    AMQP_TOPOLOGY: 'declare',
    LOG_LEVEL: 'info',
    LOG_PRETTY: 'true',
    SHUTDOWN_SECONDS: '15', // Less than the 20 s after which the launcher kills.
    ...service.environment,
    ...workspaceEnvironment(),
    AMQP_URL: urls.amqp,
    DATABASE_URL: urls.database,
    SMTP_URL: urls.smtp,
    METRICS_PORT: String(ports[service.metrics]),
    ...(service.http ? { HTTP_PORT: String(ports[service.http]) } : {}),
  };
}
