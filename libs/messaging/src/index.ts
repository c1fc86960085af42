export { Broker, type BrokerOptions } from './broker.js';
export { BrokerConfigurationError } from './connection/broker-configuration-error.js';
export type { Logger } from './connection/logger.js';
export type {
  Consumer,
  ConsumerOptions,
  SharedConsumerOptions,
  TemporaryConsumerOptions,
} from './consuming/consumer.js';
export type { Delivery } from './consuming/delivery.js';
export { misfit, orUndefined, textHeader, wholeNumberHeader } from './consuming/header-values.js';
export { traceProcess } from './consuming/process-span.js';
export { delayLadder, strandedDelays } from './delayed-delivery/delay-ladder.js';
export { delayedRoute, destinationOf, longestDelaySeconds } from './delayed-delivery/delayed-route.js';
export type { PublishingLimits } from './publishing/confirming-publisher.js';
export { headersAsSent, isBrokerHeader } from './publishing/message-properties.js';
export type { MessagePublisher } from './publishing/message-publisher.js';
export { largestBodyBytes, type OutgoingMessage } from './publishing/outgoing-message.js';
export { portableHeaders } from './publishing/portable-headers.js';
export { PublishError, type PublishFailure } from './publishing/publish-error.js';
export {
  type BindingDefinition,
  type ExchangeDefinition,
  mergeTopologies,
  type QueueDefinition,
  type Topology,
} from './topology/topology.js';
