export { catalogue } from './catalogue.js';
export { queuesConsumedBy } from './consumers.js';
export { mentorHub } from './mentor-hub.js';
export * from './calls/schedules.js';
export * from './calls/statistics.js';
export * from './calls/suppressions.js';
export * from './events/accounts.js';
export * from './events/courses.js';
export * from './events/sessions.js';
export {
  Day,
  Email,
  Instant,
  lastInstant,
  Line,
  Locale,
  Minutes,
  Rfc3339,
  RowId,
  TimeZone,
  Token,
  Username,
  Uuid,
} from './fields.js';
export { routes } from './routing.js';
export * from './statistics.js';
export * from './tasks/accounts.js';
export * from './tasks/analytics.js';
export * from './tasks/email.js';
export * from './tasks/sessions.js';
export { callQueues, exchanges, streams, subscriptions, topology } from './topology/topology.js';
export * from './unsubscribing.js';
