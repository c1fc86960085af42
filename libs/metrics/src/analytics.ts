import { waitSeconds } from './buckets.js';
import { histogram } from './registry.js';

/** How far behind the events the projections are. */
export const analyticsMetrics = {
  ingestLag: histogram('analytics_ingest_lag_seconds', 'From an event happening to its being counted.', [
    0.01,
    0.05,
    ...waitSeconds,
  ]),
};
