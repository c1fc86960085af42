/**
 * What tests need around the code under test: a vhost and a database of their own, an SMTP server, a collector of
 * traces, a breakable network, service processes. Imported by tests alone.
 */
export { createVhost, type BrokerUrls, type TestVhost } from './broker/vhost.js';
export { ManagementClient } from './broker/management-client.js';
export type * from './broker/management-types.js';
export { createDatabase, type DatabaseOptions, type TestDatabase } from './database/database.js';
export { startSmtpServer, type SmtpServerOptions, type TestSmtpServer } from './smtp/smtp-server.js';
export type { SmtpStage, SmtpStep } from './smtp/smtp-script.js';
export type { ReceivedMail } from './smtp/received-mail.js';
export { startOtlpReceiver, type OtlpReceiver } from './tracing/otlp-receiver.js';
export type { ReceivedSpan } from './tracing/received-span.js';
export { startTcpProxy, type TcpProxy } from './network/tcp-proxy.js';
export { freePort } from './network/free-port.js';
export { eventually, eventuallyPasses, type EventuallyOptions } from './eventually.js';
export {
  migrateServices,
  startService,
  startServices,
  type RunningServices,
  type ServicesOptions,
} from './services/start-services.js';
export { ServiceProcess, type ServiceOptions } from './services/service-process.js';
export { NodeProcess, type Environment } from './services/child-process.js';
export { PrivateBroker } from './servers/private-broker.js';
export { PrivateDatabaseServer } from './servers/private-database.js';
export { PrivatePooler } from './servers/private-pooler.js';
export { amqp, fields, type AmqpValue } from './amqp/amqp-values.js';
export type { RawProperties } from './amqp/raw-properties.js';
export { RawPublisher, type RawMessage } from './amqp/raw-publisher.js';
export { isFullRun, sized } from './full-run.js';
export { testServerUrl, type TestServer } from './test-servers.js';
export { workspaceRoot } from './services/workspace.js';
