export { catalogue } from './catalogue.js';
export { mentorHub } from './mentor-hub.js';
export * from './events/accounts.js';
export { Email, Instant, Line, Locale, Token, Username, Uuid } from './fields.js';
export { routes } from './routing.js';
export * from './tasks/accounts.js';
export * from './tasks/email.js';
export { exchanges, streams, subscriptions, topology } from './topology/topology.js';
