/** A queue as the management API describes it (the fields that tests read). Counts are absent in a queue's first moments. */
export interface QueueInfo {
  name: string;
  type: string;
  state?: string;
  durable: boolean;
  arguments: Record<string, unknown>;
  messages?: number;
  messages_ready?: number;
  messages_unacknowledged?: number;
  consumers?: number;
}

export interface ExchangeInfo {
  name: string;
  type: string;
  durable: boolean;
  internal: boolean;
  arguments: Record<string, unknown>;
}

export interface BindingInfo {
  source: string;
  destination: string;
  destination_type: 'queue' | 'exchange';
  routing_key: string;
  arguments: Record<string, unknown>;
}

export interface ConnectionInfo {
  /** Both ends' addresses, such as `127.0.0.1:40000 -> 127.0.0.1:5672`: a later connection may have the same. */
  name: string;
  user: string;
  state?: string;
  /** In milliseconds since 1970; absent in a connection's first moments. */
  connected_at?: number;
  client_properties?: Record<string, unknown> & { connection_name?: string };
}

/** AMQP properties under their protocol names. */
export interface MessageProperties {
  message_id?: string;
  correlation_id?: string;
  type?: string;
  app_id?: string;
  reply_to?: string;
  content_type?: string;
  delivery_mode?: 1 | 2;
  priority?: number;
  timestamp?: number;
  expiration?: string;
  headers?: Record<string, unknown>;
}

export interface ReadMessage {
  body: Buffer;
  text: string;
  /** The body parsed as JSON. */
  json(): unknown;
  properties: MessageProperties;
  headers: Record<string, unknown>;
  exchange: string;
  routingKey: string;
  redelivered: boolean;
}

/** Regular expressions over the names that a user may configure, write and read. */
export interface Permissions {
  configure: string;
  write: string;
  read: string;
}
