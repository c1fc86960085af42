export { analyticsMetrics } from './analytics.js';
export { buildInfo, setBuildInfo } from './build-info.js';
export { emailMetrics, initialiseEmailLabels, smtpClasses, type SmtpClass } from './email.js';
export { httpMetrics } from './http.js';
export { connectionRoles, initialiseMessagingLabels, messagingMetrics, type ConnectionRole } from './messaging.js';
export { metricsText, startDefaultMetrics } from './registry.js';
export {
  ambiguousActions,
  deadLetterMetrics,
  delayMetrics,
  initialiseScheduleLabels,
  initialiseTaskLabels,
  relayMetrics,
  relayOutcomes,
  scheduleMetrics,
  settlementMetrics,
  taskMetrics,
  taskOutcomes,
  type AmbiguousAction,
  type RelayOutcome,
  type TaskOutcome,
} from './tasks.js';
